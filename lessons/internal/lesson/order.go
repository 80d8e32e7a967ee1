package lesson

import "testing"

// InOrder is called in the second line of tests that stand on those before them. If one of those
// has failed, what this one finds may come of that. So where it fails too, it names that test, and
// gives no diagnosis of its own.
//
//	defer task.Catch(t)
//	lesson.InOrder(t)
func InOrder(t testing.TB) {
	name := t.Name()
	order.before = order.failed
	if order.before == name {
		order.before = "" // with -count, it is this test that has failed
	}
	t.Cleanup(func() { order.before = "" })
}

// noteEnd keeps the name of the first test that has failed.
func noteEnd(t testing.TB) {
	if t.Failed() && order.failed == "" {
		order.failed = t.Name()
	}
}

// order is the first test that has failed, and what that was when the test began that runs now,
// if it called InOrder. There is one test at a time.
var order struct{ failed, before string }
