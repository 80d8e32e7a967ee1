package lesson

import (
	"fmt"
	"os"
)

// Main runs the program of a chapter. An error, and a part that is not written
// yet, are one line on standard error, and the exit code is 1.
func Main(f func() error) {
	defer func() {
		if v := recover(); v != nil {
			n, ok := v.(NotWritten)
			if !ok {
				panic(v)
			}
			exit(n)
		}
	}()
	if err := f(); err != nil {
		exit(err)
	}
}

func exit(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
