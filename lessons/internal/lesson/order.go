package lesson

import "testing"

// InOrder is called in the second line of tests that stand on each other, in a chapter whose
// parts do. If one of them has failed, what the later ones find may come of that. So where they
// fail too, they name that test, and give no diagnosis of their own.
//
//	defer task.Catch(t)
//	lesson.InOrder(t)
func InOrder(t testing.TB) {
	name := t.Name()
	order.before = order.failed
	if order.before == name {
		order.before = "" // with -count, it is this test that has failed
	}
	t.Cleanup(func() {
		if t.Failed() && order.failed == "" {
			order.failed = name
		}
		order.before = ""
	})
}

// order is about the tests that call InOrder: the first that has failed, and what that was when
// the test began that runs now. There is one test at a time.
var order struct{ failed, before string }
