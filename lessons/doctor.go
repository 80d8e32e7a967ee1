package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/ws101/lessons/internal/course"
)

func doctor(t *tutor, _ *flag.FlagSet) func(*course.Chapter, []string) error {
	return func(*course.Chapter, []string) error {
		bad := 0
		say := func(name, found, todo string) {
			if todo == "" {
				t.printf("ok    %-10s  %s\n", name, found)
				return
			}
			bad++
			t.printf("FAIL  %-10s  %s\n      %-10s  %s\n", name, found, "", todo)
		}
		version, err := t.golang("version")
		if err != nil {
			say("go", err.Error(), "install Go, and see that the command go is found")
			return errors.New("without the command go nothing else can be looked at")
		}
		say("go", version, "")
		say("course", fmt.Sprintf("%s, chapters: %d", t.course.Root, len(t.course.Chapters)), "")

		todo := ""
		gowork, _ := t.golang("env", "GOWORK")
		if gowork != "" && gowork != "off" {
			todo = "set GOWORK=off, or your folder is not seen as a module of its own"
		}
		say("workspace", orNone(gowork), todo)

		flags, _ := t.golang("env", "GOFLAGS")
		todo = ""
		if strings.Contains(flags, "-mod=vendor") {
			todo = "unset -mod=vendor: the course has no vendor folder"
		}
		say("flags", orNone(flags), todo)

		_, err = t.golang("build", "./lessons/...")
		todo = ""
		if err != nil {
			todo = "the course itself does not build: is the checkout whole, and can go download modules?"
		}
		say("build", "go build ./lessons/...", todo)
		t.doctorModule(say)
		if bad > 0 {
			return fmt.Errorf("%d to mend: do what stands under FAIL, then run this again", bad)
		}
		return nil
	}
}

// doctorModule looks at the learner's module.
func (t *tutor) doctorModule(say func(name, found, todo string)) {
	dir := t.work.Dir
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		for _, ch := range t.course.Chapters {
			if p := t.work.Started(ch); p != nil && filepath.Dir(p.Dir) == dir {
				say("your files", dir+" has no go.mod", fmt.Sprintf("go run ./lessons start %d makes it again", ch.Number))
				return
			}
		}
		say("your files", "none yet: go run ./lessons start N makes "+t.path(dir), "")
		return
	}
	want, err := t.course.ModuleFile(dir)
	todo := ""
	if err != nil || !bytes.Equal(bytes.ReplaceAll(mod, []byte("\r\n"), []byte("\n")), want) {
		todo = "its go.mod is not the one the course makes now: if you did not change it, remove go.mod and go.sum there and start any chapter"
	}
	say("your files", dir, todo)
	for _, ch := range t.course.Chapters {
		if p := t.work.Chapters[ch.Number]; p != nil && t.work.Started(ch) == nil {
			say("chapter "+ch.Name(), p.Dir+" is gone", fmt.Sprintf("bring it back, or go run ./lessons start %d", ch.Number))
		}
	}
}

// golang runs the go command in the checkout and returns what it prints.
func (t *tutor) golang(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = t.course.Root
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
