//go:build race

package main

// raceEnabled reports whether this test binary has the race detector, which makes it much slower.
const raceEnabled = true
