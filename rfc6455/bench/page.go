package main

import (
	"fmt"
	"os"
	"strings"
)

// A page holds tables, each between two comments, of which the first is the
// command that made it:
//
//	<!-- go run . -run ^alone -->
//	...
//	<!-- end -->
//
// replaceTable puts another table in the place of the one that the command has
// made before.
func replaceTable(file, command, made string) error {
	page, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin := "<!-- " + command + " -->\n"
	before, rest, ok := strings.Cut(string(page), begin)
	if !ok {
		return fmt.Errorf("%s has no line %q", file, strings.TrimSpace(begin))
	}
	const end = "<!-- end -->\n"
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return fmt.Errorf("%s has no line %q behind %q", file, strings.TrimSpace(end), strings.TrimSpace(begin))
	}
	return os.WriteFile(file, []byte(before+begin+made+end+after), 0o644)
}

// command is the command line, without what says where the output goes, and
// how long it takes: that is in the first line of the output.
func command(args []string) string {
	line := "go run ."
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-markdown":
		case "-write", "-json", "-rounds", "-time":
			i++
		default:
			line += " " + quoted(args[i])
		}
	}
	return line
}

// quoted is an argument as a shell takes it.
func quoted(arg string) string {
	if strings.ContainsAny(arg, "|*()$ ") {
		return "'" + arg + "'"
	}
	return arg
}
