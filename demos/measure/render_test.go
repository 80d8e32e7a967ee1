package measure

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fixed is a report with numbers that are easy to follow.
func fixed() Report {
	n := func(f float64) *float64 { return &f }
	return Report{
		System: "linux/amd64, 2 processors, go1.26", Clients: 200, Events: 50, Every: 200, Poll: 2000, Write: n(6), Request: n(31),
		Results: []Result{
			{
				Technique: "polling", Title: "polling", Requests: 6, Empty: 0.5, Up: 3000, Down: 3500, Opening: 1000,
				UpPerEvent: 60, DownPerEvent: 70, Payload: 42, Header: 700,
				DelayP50: 1000, DelayP99: 1980, DelayMax: 2001.5,
				CPU: n(4.5), CPUPerRequest: n(37.5), Resident: n(25_000), Heap: n(12_000), Stacks: n(8_000), Late: 9000,
			},
			{
				Technique: "websocket", Title: "WebSocket", Down: 5450, Opening: 800,
				DownPerEvent: 109, Payload: 42, Header: 2,
				DelayP50: 1.25, DelayP99: 3, DelayMax: 20,
				CPU: n(9), Resident: n(6_000), Heap: n(2_900), Stacks: n(2_100),
			},
		},
	}
}

// golden compares with a file of testdata, or writes it when the test runs with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), name)
}

func TestTable(t *testing.T) {
	r := fixed()
	golden(t, "table.golden", []byte(r.table()+"\n"+r.claims()))
}

func TestTableWithoutWhatIsNotMeasured(t *testing.T) {
	r := fixed()
	r.Write = nil
	r.Results = r.Results[:1]
	p := &r.Results[0]
	p.CPU, p.CPUPerRequest, p.Resident, p.Heap, p.Stacks = nil, nil, nil, nil, nil
	text := r.table()
	assert.Equal(t, 5, strings.Count(text, "not measured\n"))
	assert.Contains(t, text, "Processor time is not measured on this system.\n")
	assert.Equal(t, "The claim of 2010 is compared when both polling and websocket are measured.\n", r.claims())
	for _, c := range charts {
		checkXML(t, c.draw(r))
	}
}

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	f := flags{json: filepath.Join(t.TempDir(), "report.json"), svg: dir}
	require.NoError(t, f.makeFolders())
	require.NoError(t, f.write(fixed()))
	text, err := os.ReadFile(f.json)
	require.NoError(t, err)
	golden(t, "report.json", text)
	var back Report
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, fixed().Results[1].CPU, back.Results[1].CPU)
	for _, name := range []string{"bytes.svg", "cpu.svg", "delay.svg"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		golden(t, name, text)
		checkXML(t, text)
	}
}

// checkXML requires that a picture is well-formed.
func checkXML(t *testing.T, text []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(text)))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

func TestComplaint(t *testing.T) {
	r := fixed()
	assert.NoError(t, r.complaint())
	r.Results[1].Lost, r.Results[1].Twice = 3, 1
	assert.EqualError(t, r.complaint(), "WebSocket lost 3 events and delivered 1 twice, and both should be 0")
}
