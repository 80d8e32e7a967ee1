package room

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
)

const taken = "Somebody here has this name already. Take another one."

func TestJoinAndRename(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		r.Enter(ada, "sse")
		all.hears() // one who reads has no name, and the others are told nothing
		require.NoError(t, r.Join(ada, "Ada"))
		all.hears(came("Ada", "sse"))
		require.NoError(t, r.Join(ada, " Ada\n"))
		all.hears() // the same name
		require.NoError(t, r.Join(ada, "Grace"))
		all.hears(went("Ada", "sse"), came("Grace", "sse"))
		require.NoError(t, r.Join(bob, "Ada"))
		all.hears(came("Ada", ""))
		r.Enter(bob, "polling")
		all.hears(came("Ada", "polling"))
		r.Enter(bob, "websocket")
		all.hears(came("Ada", "websocket")) // changes the technique, and everybody sees it
	})
}

func TestNameThatSomebodyHereHas(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		r.Enter(ada, "sse")
		require.NoError(t, r.Join(ada, "Ada L"))
		require.NoError(t, r.Join(bob, "Bob"))
		all.hears(came("Ada L", "sse"), came("Bob", ""))
		for _, name := range []string{"Ada L", "ada l", "ADA L", " Ada L ", "Ada  L", "A\u200dda L", "Ada L\ufe0f", "\u200dAda L"} {
			refused(t, r.Join(bob, name), 409, taken)
			refused(t, r.Join(carol, name), 409, taken)
			_, err := r.SayAs(name, "I am she")
			refused(t, err, 409, taken)
		}
		all.hears()
		require.NoError(t, r.Join(ada, "ADA L"), "one's own name in other letters")
		all.hears(went("Ada L", "sse"), came("ADA L", "sse"))
	})
}

// Pages of the classic chat give no name, and must be able to talk whoever is here.
func TestNobodyCanTakeTheNameOfThoseWithoutOne(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		refused(t, r.Join(ada, "Anonymous"), 409, taken)
		line, err := r.SayAs("", "hello")
		require.NoError(t, err)
		assert.Contains(t, string(line), `"name":"anonymous"`)
	})
}

func TestToJoinTakesAnID(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		refused(t, r.Join("", "Ada"), 400, "The id of a page (me) is 16 to 64 letters and digits that it made up.")
		r.Enter("", "sse")()
		r.Seen("", "polling")
		r.Leave("")
		assert.Empty(t, r.people.byID)
	})
}

// A name is told to everybody each time it changes, so this has the limit of a line.
func TestRenamingIsLimited(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, _ *reader) {
		for i := range burst {
			require.NoError(t, r.Join(ada, fmt.Sprint("Ada ", i)))
		}
		refused(t, r.Join(ada, "Ada"), 429, "That is faster than anybody can read. Wait a second, then send it again.")
		require.NoError(t, r.Join(ada, fmt.Sprint("Ada ", burst-1)), "to join again changes nothing")
		pass(step)
		require.NoError(t, r.Join(ada, "Ada"))
	})
}

func TestConnectionThatBreaksHasFifteenSecondsToComeBack(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		left := r.Enter(ada, "sse")
		require.NoError(t, r.Join(ada, "Ada"))
		all.hears(came("Ada", "sse"))
		pass(time.Hour)
		left()
		pass(15*time.Second - 1)
		left = r.Enter(ada, "sse")
		pass(time.Hour)
		all.hears()
		left()
		pass(15*time.Second - 1)
		all.hears()
		pass(1)
		all.hears(went("Ada", "sse"))
	})
}

func TestOneOfTwoConnectionsIsEnough(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		one, two := r.Enter(ada, "sse"), r.Enter(ada, "sse")
		require.NoError(t, r.Join(ada, "Ada"))
		one()
		pass(time.Minute)
		all.hears(came("Ada", "sse"))
		two()
		pass(time.Minute)
		all.hears(went("Ada", "sse"))
	})
}

func TestWhoPollsHasNinetySeconds(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		require.NoError(t, r.Join(ada, "Ada"))
		r.Seen(ada, "polling")
		all.hears(came("Ada", ""), came("Ada", "polling"))
		pass(90*time.Second - 1)
		r.Seen(ada, "polling")
		pass(90*time.Second - 1)
		all.hears()
		pass(1)
		all.hears(went("Ada", "polling"))
	})
}

func TestWhoTalksIsHere(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		require.NoError(t, r.Join(ada, "Ada"))
		pass(10 * time.Second)
		require.NoError(t, r.Say(ada, "hello"))
		pass(15*time.Second - 1)
		all.cursor = r.Now()
		pass(1)
		all.hears(went("Ada", ""))
	})
}

func TestGoodbye(t *testing.T) {
	for name, ends := range map[string]time.Duration{
		"the connection ends at once":          0,
		"the connection ends before the grace": time.Second,
		"the connection ends long after":       time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *Room, all *reader) {
				left := r.Enter(ada, "sse")
				require.NoError(t, r.Join(ada, "Ada"))
				r.Leave(ada)
				pass(ends)
				all.hears(came("Ada", "sse"))
				left()
				pass(max(0, 2*time.Second-ends-1))
				if ends < 2*time.Second {
					all.hears()
				}
				pass(1)
				all.hears(went("Ada", "sse"))
			})
		})
	}
}

func TestReloadTellsNobody(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		left := r.Enter(ada, "sse")
		require.NoError(t, r.Join(ada, "Ada"))
		for range 3 {
			r.Leave(ada)
			left()
			pass(2*time.Second - 1)
			left = r.Enter(ada, "sse")
			require.NoError(t, r.Join(ada, "Ada"))
		}
		pass(time.Hour)
		all.hears(came("Ada", "sse"))
	})
}

func TestGoodbyeOfOneWhoPolls(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		require.NoError(t, r.Join(ada, "Ada"))
		r.Seen(ada, "polling")
		r.Leave(ada)
		pass(time.Second)
		r.Seen(ada, "polling") // it was a reload
		pass(89 * time.Second)
		all.hears(came("Ada", ""), came("Ada", "polling"))
		r.Leave(ada)
		pass(2 * time.Second)
		all.hears(went("Ada", "polling"))
	})
}

func TestReturnOfSomebodyWhoWasAway(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		left := r.Enter(ada, "sse")
		require.NoError(t, r.Join(ada, "Ada"))
		left()
		pass(15 * time.Second)
		all.hears(came("Ada", "sse"), went("Ada", "sse"))
		pass(10*time.Minute - 1)
		left = r.Enter(ada, "websocket")
		all.hears(came("Ada", "websocket"))
		require.NoError(t, r.Say(ada, "I am back"))
		all.cursor = r.Now()

		// She is no longer here than anybody else without a connection.
		left()
		pass(15*time.Second - 1)
		all.hears()
		pass(1)
		all.hears(went("Ada", "websocket"))

		pass(10 * time.Minute)
		assert.Empty(t, r.people.byID, "she is forgotten")
		r.Seen(ada, "polling")
		r.Enter(ada, "sse")
		all.hears()
		refused(t, r.Say(ada, "hello"), 403, "Give yourself a name before you say something.")
	})
}

func TestReturnOfOneWhoPollsAfterAShortAbsence(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		require.NoError(t, r.Join(ada, "Ada"))
		r.Seen(ada, "polling")
		pass(2 * time.Minute)
		r.Seen(ada, "polling")
		all.cursor = r.Now()
		pass(90*time.Second - 1)
		all.hears()
		pass(1)
		all.hears(went("Ada", "polling"))
	})
}

// While somebody is away the name is free. Who finds it taken has none, and may join under another.
func TestReturnToANameThatIsTaken(t *testing.T) {
	for name, comeBack := range map[string]func(*Room){
		"asks for news":       func(r *Room) { r.Seen(ada, "polling") },
		"opens a connection":  func(r *Room) { r.Enter(ada, "sse")() },
		"talks":               func(r *Room) { _ = r.Say(ada, "hello") },
		"joins":               func(r *Room) { _ = r.Join(ada, "Ada") },
		"says goodbye":        func(r *Room) { r.Leave(ada) },
		"does not come again": func(r *Room) {},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *Room, all *reader) {
				r.Enter(ada, "sse")()
				require.NoError(t, r.Join(ada, "Ada"))
				pass(time.Minute)
				bobLeft := r.Enter(bob, "sse")
				require.NoError(t, r.Join(bob, "Ada"))
				all.cursor = r.Now()
				comeBack(r)
				all.hears()
				refused(t, r.Say(ada, "hello"), 403, "Give yourself a name before you say something.")
				all.cursor = r.Now()
				pass(11 * time.Minute)
				assert.Len(t, r.people.byID, 1, "nothing is kept of her")
				assert.Equal(t, 1, r.people.named)
				bobLeft()
			})
		})
	}
}

func TestReadersWithoutANameAreForgotten(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, all *reader) {
		for i := range 1000 {
			me := fmt.Sprintf("page-%012d", i)
			left := r.Enter(me, "sse")
			r.Leave(me)
			left()
			r.Seen(me, "polling")
			r.Leave(me)
			_ = r.Join(me, "")
			_ = r.Say(me, "hello")
		}
		assert.Empty(t, r.people.byID)
		all.hears()
	})
}

func TestNamesAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, r *Room, _ *reader) {
		page := func(i int) string { return fmt.Sprintf("page-%012d", i) }
		var left func()
		for i := range maxNamed {
			l := r.Enter(page(i), "sse")
			if i == 7 {
				left = l
			}
			require.NoError(t, r.Join(page(i), fmt.Sprint("person ", i)))
		}
		full := r.Join(ada, "Ada")
		refused(t, full, 503, "The room is full. Read along, and try to join again later.")
		assert.Equal(t, time.Minute, full.(*site.Refusal).After)
		require.NoError(t, r.Join(page(3), "person three"), "who has a name may change it")

		left()
		refused(t, r.Join(ada, "Ada"), 503, "The room is full. Read along, and try to join again later.")
		pass(15 * time.Second)
		refused(t, r.Join(ada, "person 8"), 409, taken)
		assert.Contains(t, r.people.byID, page(7), "a name that was not given costs nobody the memory")
		require.NoError(t, r.Join(ada, "Ada"))
		assert.NotContains(t, r.people.byID, page(7), "one who is away makes room")
		assert.Equal(t, maxNamed, r.people.named)
		assert.Len(t, r.people.byID, maxNamed)
		assert.Less(t, len(r.Since(feed.Cursor{}).Snapshot), 100_000)
	})
}
