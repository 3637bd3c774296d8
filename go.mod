module llmp

go 1.26.0

// What is built lies there, and other modules' sources with it.
ignore ./build

// For the library.
require (
	github.com/mattn/go-pointer v0.0.1
	golang.org/x/sys v0.49.0
)

// For the llmp program alone.
require (
	github.com/spf13/cobra v1.10.2
	github.com/spf13/pflag v1.0.9
)

require github.com/fsnotify/fsnotify v1.10.1

require github.com/inconshreveable/mousetrap v1.1.0 // indirect
