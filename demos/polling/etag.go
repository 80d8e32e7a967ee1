package polling

import "strings"

// matches reports whether the If-None-Match field with these values names etag, which means
// that the client has the current state (RFC 9110, section 13.1.2). The field is "*", or a
// list of entity tags. The comparison is the weak one: W/"x" names "x" too.
//
// A tag may hold commas, so the list cannot simply be split at them. What comes after
// something that is not a tag is not read.
func matches(values []string, etag string) bool {
	etag = strings.TrimPrefix(etag, "W/")
	list := strings.Trim(strings.Join(values, ","), " \t")
	if list == "*" {
		return true
	}
	for {
		list = strings.TrimLeft(list, " \t,")
		list = strings.TrimPrefix(list, "W/")
		if !strings.HasPrefix(list, `"`) {
			return false
		}
		end := strings.IndexByte(list[1:], '"')
		if end < 0 {
			return false
		}
		tag := list[:end+2]
		if tag == etag {
			return true
		}
		list = list[end+2:]
	}
}
