package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReplaceTable(t *testing.T) {
	const page = "a\n<!-- go run . -run x -->\nold\n<!-- end -->\nb\n<!-- go run . -run y -->\nother\n<!-- end -->\nc\n<!-- go run . -run z -->\n"
	file := filepath.Join(t.TempDir(), "page.md")
	for _, tt := range []struct{ command, want, wrong string }{
		{"go run . -run x", strings.Replace(page, "old\n", "new\n", 1), ""},
		{"go run . -run y", strings.Replace(page, "other\n", "new\n", 1), ""},
		{"go run . -run z", page, "has no line \"<!-- end -->\""},
		{"go run . -run", page, "has no line \"<!-- go run . -run -->\""},
	} {
		t.Run(tt.command, func(t *testing.T) {
			require.NoError(t, os.WriteFile(file, []byte(page), 0o600))
			err := replaceTable(file, tt.command, "new\n")
			if tt.wrong == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, tt.wrong)
			}
			got, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
		})
	}
}

func TestCommand(t *testing.T) {
	assert.Equal(t, "go run . -run '^a(b|c)$' -idle 100",
		command([]string{"-markdown", "-run", "^a(b|c)$", "-json", "x.json", "-rounds", "5", "-idle", "100", "-write", "README.md"}))
}

// Each command in the README is one that this program takes, and names cells
// that there are; and each bar is in one of its tables.
func TestCommandsInREADME(t *testing.T) {
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	commands := regexp.MustCompile(`(?m)^<!-- (go run \. .*) -->$`).FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, commands)
	for _, c := range commands {
		args := strings.Split(strings.ReplaceAll(c[1], "'", ""), " ")[3:]
		assert.Equal(t, c[1], command(args))
		var out, log strings.Builder
		require.NoError(t, run(t.Context(), append(args, "-list"), &out, &log), c[1])
	}
	for _, f := range figures {
		assert.Contains(t, string(page), "| "+f.name+" |")
	}
}
