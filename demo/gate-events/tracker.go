package main

import (
	"encoding/json"
	"net/http"
)

type scan struct {
	Plate     string `json:"plate"`
	Container string `json:"container"`
	Gate      int    `json:"gate"`
}

func parse(data []byte) (scan, error) {
	var s scan
	err := json.Unmarshal(data, &s)
	return s, err
}

type tracker struct {
	url    string
	client *http.Client
}

// mayLeave is false whenever it is not sure.
func (t tracker) mayLeave(container string) bool {
	answer, err := t.client.Get(t.url + "/containers/" + container)
	if err != nil || answer.StatusCode != http.StatusOK {
		return false
	}
	defer answer.Body.Close()
	var found struct {
		At   string `json:"at"`
		Held bool   `json:"held"`
	}
	return json.NewDecoder(answer.Body).Decode(&found) == nil && found.At == "yard" && !found.Held
}
