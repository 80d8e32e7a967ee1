// Package text checks that what the texts of the course show is true: the code,
// the bytes, the output of commands, the links, the sections of RFCs.
//
// A block of a text says in its first line what it holds:
//
//	```go FILE#NAME          the declaration or marked part NAME of FILE
//	```hex client            a frame, or several, as a client sends them
//	```hex server            the same from a server
//	```hex bytes             other bytes, such as the head of a request
//	```console               commands and what they print
//	```text                  anything else
package text

import (
	"fmt"
	"strings"
)

// Block is a fenced block of a Markdown text.
type Block struct {
	Line int    // of the opening fence, counted from 1
	Kind string // the first word behind the fence
	Args []string
	Text string // the lines of the block, each with its newline
}

// Blocks returns the fenced blocks of a text.
func Blocks(md string) ([]Block, error) {
	var list []Block
	var open *Block
	number := 0
	for line := range strings.Lines(md) {
		number++
		info, fence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case fence && open == nil:
			words := strings.Fields(info)
			if len(words) == 0 {
				return nil, fmt.Errorf("line %d: a block that does not say what it holds: go, hex, console or text", number)
			}
			open = &Block{Line: number, Kind: words[0], Args: words[1:]}
		case fence:
			list = append(list, *open)
			open = nil
		case open != nil:
			open.Text += line
		}
	}
	if open != nil {
		return nil, fmt.Errorf("line %d: a block without an end", open.Line)
	}
	return list, nil
}

// ReplaceBlock returns md with another text in the block that begins at a line.
func ReplaceBlock(md string, b Block, text string) string {
	lines := strings.SplitAfter(md, "\n")
	end := b.Line + strings.Count(b.Text, "\n")
	return strings.Join(lines[:b.Line], "") + text + strings.Join(lines[end:], "")
}
