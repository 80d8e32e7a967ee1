package room

import (
	"encoding/json"
	"net/http"

	"example.com/ws101/demos/feed"
	"example.com/ws101/demos/site"
	"example.com/ws101/demos/vote"
)

// A Visitor is a page that makes a request.
type Visitor struct {
	// Me is the random id that the page has made up, or "" for one who only reads.
	Me string
	// Cursor is the place up to which it has the news.
	Cursor feed.Cursor
}

// Visit reads the query of a request for news: ?cursor=k3f9a2-17&me=ID, both of which may be empty
// or missing. The error is a *site.Refusal.
func Visit(r *http.Request) (Visitor, error) {
	query := r.URL.Query()
	v := Visitor{Me: query.Get("me")}
	var err error
	if v.Cursor, err = feed.ParseCursor(query.Get("cursor")); err != nil {
		return v, refuse("The cursor must be empty, or as an earlier answer gave it, such as k3f9a2-17.")
	}
	return v, CheckID(v.Me)
}

// An Action is what a person does. Exactly one of the fields is set.
type Action struct {
	Vote json.RawMessage `json:"vote"` // a uid, as a number or a numeric string
	Join *string         `json:"join"` // a name
	Say  *string         `json:"say"`  // a line of the chat
}

// Do does what a person wants. The error is a *site.Refusal.
func (r *Room) Do(v Visitor, a Action) error {
	switch {
	case a.Vote != nil && a.Join == nil && a.Say == nil:
		uid, err := vote.ParseRawUID(a.Vote)
		if err == nil {
			_, err = r.Tally.Vote(uid)
		}
		return err
	case a.Join != nil && a.Vote == nil && a.Say == nil:
		return r.Join(v.Me, *a.Join)
	case a.Say != nil && a.Vote == nil && a.Join == nil:
		return r.Say(v.Me, *a.Say)
	}
	return ErrAction
}

// ErrAction refuses what is not an action.
var ErrAction error = refuse(`An action is a JSON object with one of vote, join and say, such as {"vote": 1} or {"say": "hello"}.`)

// maxAction is the most bytes of an action: a line of four-byte characters, each of them escaped.
const maxAction = 16 << 10

// Handle adds to mux what pages send besides asking for news:
//
//	POST /vote         a ballot, {"uid": 1}; see vote.Tally.Post
//	POST /do?me=ID     an action, {"join": "Ada"} or {"say": "hello"} or {"vote": 1}; with &once=KEY,
//	                   it is done once, even if it comes more than once
//	POST /leave?me=ID  the page goes away
//
// Each is answered with 204, or with a 4xx and one sentence; a ballot as the classic server did.
func (r *Room) Handle(mux *http.ServeMux) {
	mux.HandleFunc("/vote", r.Tally.Post)
	mux.HandleFunc("/do", func(w http.ResponseWriter, req *http.Request) {
		r.post(w, req, func(v Visitor) error {
			body, err := site.ReadJSON(w, req, maxAction, "an action")
			if err != nil {
				return err
			}
			var a Action
			if json.Unmarshal(body, &a) != nil {
				return ErrAction
			}
			key, err := actKey(v.Me, req.URL.Query().Get("once"))
			if err != nil {
				return err
			}
			return r.acts.do(key, func() error { return r.Do(v, a) })
		})
	})
	mux.HandleFunc("/leave", func(w http.ResponseWriter, req *http.Request) {
		r.post(w, req, func(v Visitor) error {
			r.Leave(v.Me)
			return nil
		})
	})
}

func (r *Room) post(w http.ResponseWriter, req *http.Request, do func(Visitor) error) {
	if !site.Allow(w, req, http.MethodPost) {
		return
	}
	v, err := Visit(req)
	if err == nil {
		err = do(v)
	}
	if err != nil {
		site.RefuseError(w, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}
