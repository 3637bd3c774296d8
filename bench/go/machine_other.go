//go:build !linux

package main

import "time"

func pin(int)            {}
func dieWithParent()     {}
func sharedClock() int64 { return time.Now().UnixNano() }
