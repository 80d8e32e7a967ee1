package site

import (
	"net/http"
	"slices"
	"strings"
)

// Refuse answers with a status and one sentence for a person, as plain text.
func Refuse(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, sentence, status)
}

// Allow reports whether r has one of these methods. If not, it has answered 405.
func Allow(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	Refuse(w, http.StatusMethodNotAllowed, "This address takes only "+strings.Join(methods, " and ")+".")
	return false
}
