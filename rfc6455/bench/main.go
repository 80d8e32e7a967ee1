// Bench measures ws101 beside other WebSocket libraries, in one run.
//
//	go run . -h
//
// The README in this folder tells what is measured, how, and how to read it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"time"

	"example.com/ws101/rfc6455/bench/libraries"
)

func main() {
	serveIfOrdered()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	// After the first Ctrl-C the next one ends the program at once.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return
	case errors.Is(err, context.Canceled):
		err = errors.New("stopped; the tables have what was measured before")
	}
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

const help = `Usage: go run . [flags]

Measures ws101 beside other WebSocket libraries and prints tables.

  -run REGEXP        only cells whose names match, such as 'echo/.*/125B' (all)
  -libraries REGEXP  only libraries whose names match (all)
  -rounds N          how often everything is measured (9)
  -time D            how long a phase is measured for (2s)
  -idle N            how many connections wait in the cells named idle (10000)
  -checks            measure nothing, but tell what each library refuses
  -markdown          print the tables for a README
  -write FILE        put the tables into a page, where the comment names this command
  -json FILE         write every sample and every figure to a file
  -list              print the names of the cells and libraries, and how long it would take
`

// run is main with everything that it touches passed in.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Usage = func() { fmt.Fprint(stderr, help) }
	cellPattern := set.String("run", "", "")
	libraryPattern := set.String("libraries", "", "")
	rounds := set.Int("rounds", 9, "")
	phase := set.Duration("time", 2*time.Second, "")
	idle := set.Int("idle", 10_000, "")
	onlyChecks := set.Bool("checks", false, "")
	asMarkdown := set.Bool("markdown", false, "")
	page := set.String("write", "", "")
	jsonFile := set.String("json", "", "")
	list := set.Bool("list", false, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 || *phase <= 0 || *idle < 1 || set.NArg() > 0 {
		return errors.New("-rounds, -time and -idle are above 0, and there is nothing but flags (-h shows them)")
	}
	p := plan{lab: lab{time: *phase, idle: *idle}, rounds: *rounds}
	if err := p.choose(*cellPattern, *libraryPattern); err != nil {
		return err
	}
	if *list {
		p.phases(func(c cell, l libraries.Library) { fmt.Fprintln(stdout, c.name, l.Name) })
		fmt.Fprintf(stderr, "%d rounds take about %v\n", p.rounds, p.duration().Round(time.Second))
		return nil
	}
	var err error
	if p.lab.cores, err = pin(); err != nil {
		return fmt.Errorf("pinning to a core: %w", err)
	}
	show := text
	if *asMarkdown || *page != "" {
		show = markdown
	}
	var out strings.Builder
	if *onlyChecks {
		err = p.reportChecks(&out, show)
	} else {
		err = p.report(ctx, &out, stderr, show, *jsonFile)
	}
	fmt.Fprint(stdout, out.String())
	if err != nil || *page == "" {
		return err
	}
	return replaceTable(*page, command(args), out.String())
}

func (p plan) reportChecks(w io.Writer, show func(io.Writer, []table)) error {
	t, err := checked(p.libraries, p.lab.cores)
	show(w, []table{t})
	return err
}

// report runs the plan and shows what was found, also if it was stopped.
func (p plan) report(ctx context.Context, w, stderr io.Writer, show func(io.Writer, []table), jsonFile string) error {
	about := fmt.Sprintf("%s, %s/%s; %v; %d rounds of %v", runtime.Version(), runtime.GOOS, runtime.GOARCH, p.lab.cores, p.rounds, p.lab.time)
	fmt.Fprintf(stderr, "%s, about %v in all\n", about, p.duration().Round(time.Second))
	line := progress(stderr)
	samples, err := p.run(ctx, line)
	line.Write(nil) // takes it away
	if len(samples) == 0 {
		return err
	}
	if jsonFile != "" {
		if err := writeJSON(jsonFile, about, samples); err != nil {
			return err
		}
	}
	fmt.Fprintln(w, about)
	show(w, tables(samples))
	return err
}

// choose takes the cells and libraries whose names match.
func (p *plan) choose(cellPattern, libraryPattern string) error {
	wantedCell, err := regexp.Compile(cellPattern)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	wantedLibrary, err := regexp.Compile(libraryPattern)
	if err != nil {
		return fmt.Errorf("-libraries: %w", err)
	}
	for _, c := range cells() {
		if wantedCell.MatchString(c.name) {
			p.cells = append(p.cells, c)
		}
	}
	for _, l := range libraries.All {
		if wantedLibrary.MatchString(l.Name) {
			p.libraries = append(p.libraries, l)
		}
	}
	if len(p.cells) == 0 || len(p.libraries) == 0 {
		return errors.New("nothing has such a name (-list shows all names)")
	}
	return nil
}
