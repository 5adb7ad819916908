// {{ cookiecutter.service_name }}: {{ cookiecutter.description }}.
package main

import (
	"log/slog"
	"net/http"
	"os"
	"time"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	server := &http.Server{
		Addr:              address(),
		Handler:           routes(),
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Info("listening", "service", "{{ cookiecutter.service_slug }}", "address", server.Addr)
	if err := server.ListenAndServe(); err != nil {
		log.Error("stopped", "error", err)
		os.Exit(1)
	}
}

func address() string {
	if port := os.Getenv("PORT"); port != "" {
		return ":" + port
	}
	return ":{{ cookiecutter.port }}"
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(response http.ResponseWriter, _ *http.Request) {
		response.WriteHeader(http.StatusNoContent)
	})
	return mux
}
