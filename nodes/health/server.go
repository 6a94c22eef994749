package health

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// answerTime bounds what an answer may take: a process that needs longer is wedged.
	answerTime = 3 * time.Second
	// maxAsked is how many are answered at one time; one more is told to come again.
	maxAsked = 8
	// stopTime bounds the wait for the last answers at the end.
	stopTime = 500 * time.Millisecond
)

// Report is the answer of /readyz.
type Report struct {
	// Ready is whether it serves.
	Ready bool `json:"ready"`
	// Who answers: "gateway gw-1 of fleet roost".
	Who string `json:"who"`
	// Why it does not serve; if it does, what is not as it should be. One line for people each.
	Why []string `json:"why,omitempty"`
}

// Subject is what a server tells about.
type Subject interface {
	// Live returns nil if the process is not wedged, and else why it is held to be. It may take until
	// ctx ends.
	Live(ctx context.Context) error
	// Ready tells whether it serves. It does not wait.
	Ready() Report
	// Collector has its metrics.
	Collector() prometheus.Collector
}

// Config says what a server is made of.
type Config struct {
	// Address to listen on: HOST:PORT of loopback; a port of 0 is any.
	Address string
	// Spare has another port taken where another program listens on Address, as several gateways on one
	// machine need it.
	Spare bool
	// Subject that it tells about.
	Subject Subject
	// Logger; nil: nothing is logged.
	Logger *slog.Logger
}

// Server answers questions after the health of a process.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Open listens. The error is one of the Err values of this package, or the system's.
func Open(cfg Config) (*Server, error) {
	l, err := listen(cfg.Address, cfg.Spare)
	if err != nil {
		return nil, err
	}
	log := cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	return &Server{listener: l, http: &http.Server{
		Handler:           handler(cfg.Subject),
		ReadHeaderTimeout: answerTime, ReadTimeout: answerTime, WriteTimeout: 2 * answerTime, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}, nil
}

// URL is where it listens: http://127.0.0.1:4280.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Run answers until ctx ends, waits for the last answers a little, and then returns nil.
func (s *Server) Run(ctx context.Context) error {
	stopped := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(stopped)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		_ = s.http.Shutdown(last) // what is not answered by then is closed
		_ = s.http.Close()
	})
	err := s.http.Serve(s.listener)
	if !unhook() {
		<-stopped
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer for health at %s: %w", s.URL(), err)
	}
	return nil
}

// Close ends a server that was not run.
func (s *Server) Close() error { return s.listener.Close() }

// handler answers for a subject.
func handler(subject Subject) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(subject.Collector(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerTime)
		defer cancel()
		if err := subject.Live(ctx); err != nil {
			http.Error(w, "wedged: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n")) // whoever has gone does not ask
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { tellReady(w, subject.Ready()) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: answerTime}))
	return bounded(mux)
}

func tellReady(w http.ResponseWriter, report Report) {
	w.Header().Set("Content-Type", "application/json")
	if !report.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(report) // whoever has gone does not ask
}

// bounded lets only so many in at one time.
func bounded(next http.Handler) http.Handler {
	slots := make(chan struct{}, maxAsked)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, r)
		default:
			http.Error(w, fmt.Sprintf("%d questions are being answered, ask again", maxAsked), http.StatusTooManyRequests)
		}
	})
}
