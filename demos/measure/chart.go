package measure

import (
	"bytes"
	"fmt"
	"html"
)

// A chart shows one or two numbers of each technique as bars.
type chart struct {
	file  string
	title string
	note  string
	bars  []bar
	// label says the numbers of one technique.
	label func(Result) string
}

// A bar is one number, or nil. The second one of a technique continues the first.
type bar func(Result) *float64

var charts = []chart{
	{
		"bytes.svg", "Bytes on the wire for each event", "TCP/IP is not counted.",
		[]bar{
			func(r Result) *float64 { return &r.DownPerEvent },
			func(r Result) *float64 { return &r.UpPerEvent },
		},
		func(r Result) string { return number(r.DownPerEvent) + " down, " + number(r.UpPerEvent) + " up" },
	},
	{
		"cpu.svg", "Processor time of the server for each event, microseconds", "",
		[]bar{func(r Result) *float64 { return r.CPU }},
		func(r Result) string { return measured(r.CPU, 1) },
	},
	{
		"delay.svg", "Delay from the vote to the client, milliseconds", "p50, and on to p99.",
		[]bar{
			func(r Result) *float64 { return &r.DelayP50 },
			func(r Result) *float64 { rest := r.DelayP99 - r.DelayP50; return &rest },
		},
		func(r Result) string { return "p50 " + number(r.DelayP50) + ", p99 " + number(r.DelayP99) },
	},
}

// The measures of a chart, in pixels.
const (
	chartWidth = 720
	barLeft    = 130 // where the bars begin
	barMost    = 400 // the longest
	barHeight  = 22
	barStep    = 34
	barTop     = 78
)

// The colours have a contrast of 4.5:1 or more, the text's against the background, in both themes.
const style = `<style>
  text { font: 14px system-ui, sans-serif; fill: #1b1b1b }
  .title { font-weight: 600; font-size: 16px }
  .note { fill: #555 }
  .ground { fill: #fff } .bar0 { fill: #1f6feb } .bar1 { fill: #a85a00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #eee } .note { fill: #aaa }
    .ground { fill: #16181c } .bar0 { fill: #6ea8ff } .bar1 { fill: #e0a050 }
  }
</style>
`

// draw returns the chart as SVG.
func (c chart) draw(r Report) []byte {
	height := barTop + len(r.Results)*barStep + 12
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="title desc">`+"\n", chartWidth, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", html.EscapeString(c.title), html.EscapeString(c.words(r)))
	b.WriteString(style)
	fmt.Fprintf(&b, `<rect class="ground" width="%d" height="%d"/>`+"\n", chartWidth, height)
	fmt.Fprintf(&b, `<text class="title" x="16" y="28">%s</text>`+"\n", html.EscapeString(c.title))
	fmt.Fprintf(&b, `<text class="note" x="16" y="50">%s</text>`+"\n", html.EscapeString(c.subtitle(r)))
	longest := c.longest(r)
	for i, t := range r.Results {
		c.drawRow(&b, t, barTop+i*barStep, longest)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// drawRow draws the bars of one technique, and says their numbers behind them.
func (c chart) drawRow(b *bytes.Buffer, t Result, y int, longest float64) {
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", barLeft-10, y+16, html.EscapeString(t.Title))
	x := float64(barLeft)
	for i, bar := range c.bars {
		if v := bar(t); v != nil && *v > 0 {
			width := max(1, *v/longest*barMost)
			fmt.Fprintf(b, `<rect class="bar%d" x="%.1f" y="%d" width="%.1f" height="%d"/>`+"\n", i, x, y, width, barHeight)
			x += width
		}
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`+"\n", x+8, y+16, html.EscapeString(c.label(t)))
}

// subtitle says what was measured.
func (c chart) subtitle(r Report) string {
	s := fmt.Sprintf("%d clients, %d votes, one every %s; polling every %s.", r.Clients, r.Events, duration(r.Every), duration(r.Poll))
	if c.note != "" {
		s += " " + c.note
	}
	return s
}

// words says the chart without a picture.
func (c chart) words(r Report) string {
	s := ""
	for i, t := range r.Results {
		if i > 0 {
			s += "; "
		}
		s += t.Title + ": " + c.label(t)
	}
	return s + "."
}

func (c chart) longest(r Report) float64 {
	longest := 0.0
	for _, t := range r.Results {
		sum := 0.0
		for _, bar := range c.bars {
			if v := bar(t); v != nil {
				sum += *v
			}
		}
		longest = max(longest, sum)
	}
	return longest
}
