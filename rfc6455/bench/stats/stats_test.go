package stats

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGeoMeanAndMedian(t *testing.T) {
	for _, tt := range []struct {
		name            string
		xs              []float64
		geoMean, median float64
	}{
		{"none", nil, math.NaN(), math.NaN()},
		{"one", []float64{3}, 3, 3},
		{"twice and half", []float64{2, 0.5}, 1, 1.25},
		{"not sorted", []float64{8, 1, 1}, 2, 1},
		{"four", []float64{16, 1, 4, 4}, 4, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if len(tt.xs) == 0 {
				assert.True(t, math.IsNaN(GeoMean(tt.xs)))
				assert.True(t, math.IsNaN(Median(tt.xs)))
				return
			}
			assert.InDelta(t, tt.geoMean, GeoMean(tt.xs), 1e-12)
			assert.InDelta(t, tt.median, Median(tt.xs), 1e-12)
		})
	}
}

func TestMedianLeavesItsArgumentAsItIs(t *testing.T) {
	xs := []float64{3, 1, 2}
	Median(xs)
	assert.Equal(t, []float64{3, 1, 2}, xs)
}

func TestBootstrap(t *testing.T) {
	for _, tt := range []struct {
		name string
		xs   []float64
		want Interval
	}{
		{"all alike", []float64{1.5, 1.5, 1.5, 1.5, 1.5}, Interval{1.5, 1.5, 1.5}},
		{"one round", []float64{2}, Interval{2, 2, 2}},
		// Of two values a resample has the lower twice, both, or the higher twice,
		// in one of four cases, in two, and in one.
		{"two rounds", []float64{0.5, 2}, Interval{0.5, 1, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Bootstrap(tt.xs)
			assert.InDelta(t, tt.want.Low, got.Low, 1e-9)
			assert.InDelta(t, tt.want.Mid, got.Mid, 1e-9)
			assert.InDelta(t, tt.want.High, got.High, 1e-9)
		})
	}
}

func TestBootstrapIsTheSameEachTime(t *testing.T) {
	xs := []float64{1.1, 0.9, 1.3, 1.0, 1.2, 0.8, 1.1, 1.0, 1.4}
	first := Bootstrap(xs)
	assert.Equal(t, first, Bootstrap(xs))
	assert.Less(t, first.Low, first.Mid)
	assert.Less(t, first.Mid, first.High)
	// The standard error of the mean of the logarithms is 0.058: an interval of
	// about 1.96 of these to each side, a little narrower with so few rounds.
	assert.InDelta(t, 2*1.96*0.058, math.Log(first.High/first.Low), 0.03)
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name   string
		i      Interval
		bar    float64
		rounds int
		want   Verdict
	}{
		{"all below", Interval{0.8, 0.9, 1.0}, 1.1, 9, Met},
		{"up to the bar", Interval{0.8, 0.9, 1.1}, 1.1, 9, Met},
		{"it straddles, mostly below", Interval{0.8, 0.9, 1.2}, 1.1, 9, Undecided},
		{"it straddles, mostly above", Interval{1.0, 1.2, 1.3}, 1.1, 9, Undecided},
		{"from the bar", Interval{1.1, 1.2, 1.3}, 1.1, 9, Undecided},
		{"all above", Interval{1.2, 1.3, 1.4}, 1.1, 9, NotMet},
		{"too few rounds", Interval{0.8, 0.9, 1.0}, 1.1, FewestRounds - 1, Undecided},
		{"just enough rounds", Interval{0.8, 0.9, 1.0}, 1.1, FewestRounds, Met},
		{"nothing measured", Interval{math.NaN(), math.NaN(), math.NaN()}, 1.1, 9, Undecided},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, Judge(tt.i, tt.bar, tt.rounds))
		})
	}
}
