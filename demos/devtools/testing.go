package devtools

import (
	"os"
	"testing"
)

// FullVariable names the environment variable that makes a missing browser a failure.
const FullVariable = "WS101_FULL"

// ForTest starts a browser that ends with the test. Without a browser on this machine the
// test is skipped, or fails if FullVariable is set. With -short it is skipped in any case.
func ForTest(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves the browser out")
	}
	path, err := Find()
	switch {
	case err == ErrNotFound && os.Getenv(FullVariable) == "":
		t.Skip("this test needs a browser, and " + err.Error())
	case err != nil:
		t.Fatal(err)
	}
	b, err := Start(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}
