// Package lesson is what the tests of the course stand on: it turns a wrong
// answer into a text that teaches.
//
// A [Task] is one part that the learner writes. Its methods compare what came
// out with what should have, and fail the test with the call, both values, a
// caret under the first difference, what the answer looks like, the section of
// the RFC, and the command for a hint. A part that is not written yet fails its
// tests with one line and no stack trace: see [TODO] and [Task.Catch].
//
// The tests of a chapter run one after the other, never in parallel.
package lesson
