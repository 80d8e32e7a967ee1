package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/lessons/internal/course"
)

// TestGather goes from a chapter 24 that is all the course's to one with a chapter of the
// learner's in it, and back. The notes say what has passed, since `check` takes long.
func TestGather(t *testing.T) {
	c := loadCourse(t)
	root := freshCheckout(t, c)
	c, err := course.Load(root)
	require.NoError(t, err)
	const mine = `masking "example.com/ws101/lessons/work/12"`
	const theirs = `masking "example.com/ws101/lessons/12-masking"`
	tutor := &tutor{dir: root, course: c}
	gathered := func() (parts string, list map[int]course.Gathered) {
		work, err := c.LoadWork()
		require.NoError(t, err)
		tutor.work = work
		all, err := work.Gather(c.Find(gathering))
		require.NoError(t, err)
		list = map[int]course.Gathered{}
		for _, g := range all {
			list[g.Chapter.Number] = g
		}
		text, err := os.ReadFile(filepath.Join(c.HomeDir(), "24", "parts.go"))
		require.NoError(t, err)
		return string(text), list
	}

	out, code := ask(root, "start", "24")
	require.Equal(t, exitOK, code, out)
	assert.Contains(t, out, "  yours         none\n  the course's  1, 7, 8, 9, 11, 12, 14, 15, 16, 17\n")
	parts, list := gathered()
	assert.Contains(t, parts, theirs)
	assert.Empty(t, list[12].Why)

	_, code = ask(root, "start", "12")
	require.Equal(t, exitOK, code)
	parts, list = gathered()
	assert.Contains(t, parts, theirs)
	assert.Equal(t, "chapter 12 of yours has not passed yet: go run ./lessons check 12", list[12].Why)

	pass := func() {
		tutor.work.Chapters[12].Passed = true
		require.NoError(t, tutor.work.Save())
	}
	pass()
	parts, list = gathered()
	assert.Contains(t, parts, theirs)
	assert.Equal(t, "chapter 12 of yours has a part that is not written", list[12].Why)

	chapter := c.Find(12)
	names, err := chapter.Parts()
	require.NoError(t, err)
	write(t, c, chapter, filepath.Join(c.HomeDir(), "12"), names)
	parts, list = gathered()
	assert.Contains(t, parts, mine)
	assert.NotContains(t, parts, theirs)
	assert.True(t, list[12].Mine)
	again, _ := gathered()
	assert.Equal(t, parts, again, "a second time changes nothing")
	if full() {
		out, code = ask(root, "check", "24")
		assert.Equal(t, exitFailure, code)
		assert.Contains(t, out, "  yours         12\n  the course's  1, 7, 8, 9, 11, 14, 15, 16, 17\n")
		assert.Contains(t, out, "not written yet", "so it was built with the learner's chapter")
	}

	_, code = ask(root, "reset", "12")
	require.Equal(t, exitOK, code)
	parts, list = gathered()
	assert.Contains(t, parts, theirs)
	assert.False(t, list[12].Mine)

	// In another folder a chapter is in another module.
	_, code = ask(root, "reset", "24")
	require.Equal(t, exitOK, code)
	require.NoError(t, os.RemoveAll(filepath.Join(c.HomeDir(), "12")))
	elsewhere := t.TempDir()
	out, code = ask(root, "start", "12", "-dir", elsewhere)
	require.Equal(t, exitOK, code, out)
	gathered()
	pass()
	_, list = gathered()
	assert.Contains(t, list[12].Why, "is in another folder, "+elsewhere)
}
