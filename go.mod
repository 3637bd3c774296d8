module llmp

go 1.26

require (
	github.com/mattn/go-pointer v0.0.1
	golang.org/x/sys v0.49.0
)
