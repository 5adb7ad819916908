// Command tide-tables answers with water levels.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"strconv"
	"time"
)

func main() {
	http.HandleFunc("GET /levels", func(w http.ResponseWriter, r *http.Request) {
		hours, err := strconv.Atoi(r.URL.Query().Get("hours"))
		if err != nil || hours < 1 || hours > 120 {
			http.Error(w, "hours must be between 1 and 120", http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(levels(time.Now().UTC(), hours))
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
