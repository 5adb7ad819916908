package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestItSaysThatItIsHealthy(t *testing.T) {
	response := httptest.NewRecorder()
	routes().ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if response.Code != http.StatusNoContent {
		t.Fatalf("got %d", response.Code)
	}
}
