package text

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	rfcMark = regexp.MustCompile(`RFC (\d+)(?:,? sections? (\d+(?:\.\d+)*)((?:(?:,| and|, and| to) \d+(?:\.\d+)*)*))?`)
	// A comment of Go goes on behind "//", and a text may be set in.
	lineBreak = regexp.MustCompile(`\n[ \t]*(?://)?`)
	number    = regexp.MustCompile(`\d+(?:\.\d+)*`)
	rfcLink   = regexp.MustCompile(`^https://www\.rfc-editor\.org/rfc/rfc(\d+)(?:\.html)?(?:#section-([\d.]+))?$`)
	heading   = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	markdown  = regexp.MustCompile("[`*_]|\\[([^]]*)\\]\\([^)]*\\)")
)

// Links checks every link of a text: a file is there, a heading too, and a
// section of an RFC exists. Pages of other hosts are not asked for.
func Links(path, md string) error {
	var list []error
	for _, m := range link.FindAllStringSubmatch(Prose(md), -1) {
		if err := checkLink(path, md, m[1]); err != nil {
			list = append(list, err)
		}
	}
	return errors.Join(list...)
}

func checkLink(path, md, target string) error {
	if strings.HasPrefix(target, "https://") {
		if m := rfcLink.FindStringSubmatch(target); m != nil {
			return section(m[1], m[2])
		}
		_, err := url.Parse(target)
		return err
	}
	file, anchor, _ := strings.Cut(target, "#")
	if file != "" {
		p := filepath.Join(filepath.Dir(path), filepath.FromSlash(file))
		info, err := os.Stat(p)
		if err != nil {
			return fmt.Errorf("the link to %s leads nowhere", target)
		}
		if anchor == "" {
			return nil
		}
		if info.IsDir() {
			p = filepath.Join(p, "README.md")
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return fmt.Errorf("the link to %s leads nowhere", target)
		}
		md = string(text)
	}
	for _, m := range heading.FindAllStringSubmatch(Prose(md), -1) {
		if slug(m[1]) == anchor {
			return nil
		}
	}
	return fmt.Errorf("the link to %s names no heading", target)
}

// slug is the name that GitHub gives to a heading.
func slug(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(markdown.ReplaceAllString(heading, "$1")) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

// Prose returns a text with its fenced blocks blanked out.
func Prose(md string) string {
	var b strings.Builder
	in := false
	for line := range strings.Lines(md) {
		if strings.HasPrefix(line, "```") {
			in = !in
			line = "\n"
		} else if in {
			line = "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// Sections checks that every RFC and every section that a text names exists:
// "RFC 6455 section 5.2", "RFC 6455 sections 5.2 and 5.3".
func Sections(md string) error {
	var list []error
	for _, c := range Cited(md) {
		list = append(list, section(c.RFC, c.Section))
	}
	return errors.Join(list...)
}

// Citation is a place in a text that names an RFC. Section is empty where the RFC is named as a
// whole.
type Citation struct{ RFC, Section string }

// Cited returns what a text names, in its order, also inside of Go comments.
func Cited(s string) (list []Citation) {
	for _, m := range rfcMark.FindAllStringSubmatch(lineBreak.ReplaceAllString(s, " "), -1) {
		list = append(list, Citation{m[1], m[2]})
		for _, more := range number.FindAllString(m[3], -1) {
			list = append(list, Citation{m[1], more})
		}
	}
	return list
}

func section(rfc, number string) error {
	known, ok := rfcs[rfc]
	switch {
	case !ok:
		return fmt.Errorf("RFC %s is not in the list of internal/text/rfcs.go", rfc)
	case number != "" && !slices.Contains(known, strings.TrimSuffix(number, ".")):
		return fmt.Errorf("RFC %s section %s is not in the list of internal/text/rfcs.go", rfc, number)
	}
	return nil
}

// SVG checks a picture: it is XML, says what it shows, fits any width, can be
// read in both themes, and loads nothing.
func SVG(path string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := xml.NewDecoder(strings.NewReader(string(src)))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	for _, need := range []string{"viewBox=", `role="img"`, "<title", "prefers-color-scheme"} {
		if !strings.Contains(string(src), need) {
			return fmt.Errorf("it lacks %s", need)
		}
	}
	for _, never := range []string{"<script", "<image", "href=", "url(", "@import"} {
		if strings.Contains(string(src), never) {
			return fmt.Errorf("it has %s", never)
		}
	}
	return nil
}
