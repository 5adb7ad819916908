// Command customs-gateway talks to the customs offices.
package main

import (
	"context"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/signal"

	"github.com/harbourline/customs-gateway/internal/holds"
	"github.com/harbourline/customs-gateway/internal/offices"
)

func main() {
	listen := flag.String("listen", ":8080", "address for HTTP")
	file := flag.String("offices", "offices.yaml", "the offices and their formats")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	known, err := offices.Load(*file)
	if err != nil {
		slog.Error("cannot read the offices", "error", err)
		os.Exit(2)
	}
	ledger := os.Getenv("LEDGER_URL")
	go known.Deliver(ctx, ledger)

	mux := http.NewServeMux()
	mux.Handle("GET /holds/{container}", holds.Handler(known))
	slog.Info("listening", "address", *listen, "offices", len(known))
	if err := http.ListenAndServe(*listen, mux); err != nil {
		slog.Error("stopped", "error", err)
		os.Exit(1)
	}
}
