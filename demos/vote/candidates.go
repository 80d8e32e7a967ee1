package vote

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits of a list of candidates. They keep the whole state small enough to
// send, and every number exact in a browser, where numbers are doubles.
const (
	MaxCandidates       = 1000
	MaxName             = 4096                        // characters
	MaxUID        int64 = 1<<53 - 1                   // the largest whole number that JavaScript keeps exact
	MaxCount      int64 = 1e15                        // to start with: 8e15 votes can still be added
	maxFile             = 4 * MaxName * MaxCandidates // bytes: every name in the longest form of UTF-8
)

// A Candidate is someone to vote for.
type Candidate struct {
	UID   int64
	Name  string
	Count int64
}

// Defaults returns the candidates of the classic demo, with their starting counts.
func Defaults() []Candidate {
	return []Candidate{
		{1, "明凯", 300},
		{2, "厂长", 200},
		{3, "7酱", 600},
	}
}

// Check returns an error in one sentence if these cannot be the candidates of a vote: there
// must be 1 to MaxCandidates of them, each with a unique uid from 1 to MaxUID, a name of 1 to
// MaxName characters, and a count from 0 to MaxCount.
func Check(candidates []Candidate) error {
	if len(candidates) == 0 {
		return fmt.Errorf("there is no candidate")
	}
	if len(candidates) > MaxCandidates {
		return fmt.Errorf("there are %d candidates; at most %d are allowed", len(candidates), MaxCandidates)
	}
	seen := map[int64]bool{}
	for _, c := range candidates {
		if c.UID < 1 || c.UID > MaxUID {
			return fmt.Errorf("the uid %d is not a whole number from 1 to %d", c.UID, MaxUID)
		}
		if seen[c.UID] {
			return fmt.Errorf("the uid %d is there twice", c.UID)
		}
		seen[c.UID] = true
		if !utf8.ValidString(c.Name) {
			return fmt.Errorf("the name of candidate %d is not valid UTF-8", c.UID)
		}
		if strings.TrimSpace(c.Name) == "" {
			return fmt.Errorf("candidate %d has no name", c.UID)
		}
		if n := utf8.RuneCountInString(c.Name); n > MaxName {
			return fmt.Errorf("the name of candidate %d has %d characters; at most %d are allowed", c.UID, n, MaxName)
		}
		if c.Count < 0 || c.Count > MaxCount {
			return fmt.Errorf("the count %d of candidate %d is not from 0 to %d", c.Count, c.UID, MaxCount)
		}
	}
	return nil
}

func sorted(candidates []Candidate) []Candidate {
	s := slices.Clone(candidates)
	slices.SortFunc(s, func(a, b Candidate) int { return cmp.Compare(a.UID, b.UID) })
	return s
}
