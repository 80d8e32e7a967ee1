package room

import (
	"sync"
)

// maxActs is how many actions are remembered.
const maxActs = 4096

// acts remembers the latest actions, so that one that comes twice is done once.
//
// When a connection breaks before the answer to a POST is there, the page cannot know whether it has
// arrived, and does not send it again. But the browser does, by itself and without a word, if it had
// used that connection before. So each action of our pages has a key of its own.
type acts struct {
	mu    sync.Mutex
	byKey map[string]*act
	order []string // of keys, the oldest first
}

type act struct {
	once sync.Once
	err  error
}

// do does what a key stands for, unless that has been done, and returns how it went the first time.
// Without a key, nobody can know.
func (a *acts) do(key string, what func() error) error {
	if key == "" {
		return what()
	}
	one := a.find(key)
	one.once.Do(func() { one.err = what() })
	return one.err
}

func (a *acts) find(key string) *act {
	a.mu.Lock()
	defer a.mu.Unlock()
	if one := a.byKey[key]; one != nil {
		return one
	}
	if a.byKey == nil {
		a.byKey = map[string]*act{}
	}
	if len(a.order) >= maxActs {
		delete(a.byKey, a.order[0])
		a.order = a.order[1:]
	}
	one := &act{}
	a.byKey[key] = one
	a.order = append(a.order, key)
	return one
}

// actKey returns the key of an action, which counts for this page only.
func actKey(me, once string) (string, error) {
	if once == "" {
		return "", nil
	}
	if len(once) > maxID {
		return "", refuse("The key of an action (once) has at most %d characters.", maxID)
	}
	return me + " " + once, nil
}
