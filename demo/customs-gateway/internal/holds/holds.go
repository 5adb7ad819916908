// Package holds answers whether a container may leave.
package holds

import (
	"encoding/json"
	"net/http"

	"github.com/harbourline/customs-gateway/internal/offices"
)

// Handler answers 404 where nothing is held.
func Handler(known offices.Offices) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hold, held := known.Hold(r.PathValue("container"))
		if !held {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(hold)
	})
}
