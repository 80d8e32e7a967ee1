// Package stats turns measured pairs into a ratio and the interval it lies in.
package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// GeoMean is the geometric mean: the mean for ratios, of which 2 and 1/2 are as
// far from 1. NaN if there are none.
func GeoMean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += math.Log(x)
	}
	return math.Exp(sum / float64(len(xs)))
}

// Median is the middle one. NaN if there are none.
func Median(xs []float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(xs))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// An Interval is an estimate and where the truth lies with 95 % confidence.
type Interval struct{ Low, Mid, High float64 }

const resamples = 10_000

// Bootstrap estimates the geometric mean of what xs is a sample of. It asks how
// much the mean would change if the same rounds had come in other numbers: it
// draws as many rounds as there are from them, again and again, and cuts
// 2.5 % of the means off at each end. The draws are the same each time.
func Bootstrap(xs []float64) Interval {
	random := rand.New(rand.NewPCG(6455, 7692))
	means := make([]float64, resamples)
	draw := make([]float64, len(xs))
	for i := range means {
		for j := range draw {
			draw[j] = xs[random.IntN(len(xs))]
		}
		means[i] = GeoMean(draw)
	}
	slices.Sort(means)
	return Interval{means[resamples*25/1000], GeoMean(xs), means[resamples*975/1000-1]}
}

// A Verdict says whether an estimate is below a bar.
type Verdict string

const (
	Met       Verdict = "met"
	NotMet    Verdict = "not met"
	Undecided Verdict = "undecided"
)

// FewestRounds is how many rounds it takes to say anything: the bootstrap knows
// nothing of what the rounds have not shown.
const FewestRounds = 5

// Judge compares an interval from so many rounds with a bar: met if all of it
// is at or below, not met if all of it is above.
func Judge(i Interval, bar float64, rounds int) Verdict {
	switch {
	case rounds < FewestRounds:
		return Undecided
	case i.High <= bar:
		return Met
	case i.Low > bar:
		return NotMet
	default:
		return Undecided
	}
}
