package control

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxRequests is how many requests are worked on at one time, unless Config says otherwise.
	maxRequests = 64
	// maxBody bounds the body of a request, as it comes: the largest command as JSON.
	maxBody = 512 << 10
	// readTime bounds reading the head of a request and its body each, and writeTime each write of an answer.
	readTime  = 5 * time.Second
	writeTime = 10 * time.Second
	// stopTime bounds the wait for the last answers at the end.
	stopTime = 500 * time.Millisecond
)

// Config says what a server is made of.
type Config struct {
	// Folder of the gateway, whose lock the caller holds.
	Folder string
	// Fleet that is offered.
	Fleet Fleet
	// MaxRequests are worked on at one time; one more is answered BUSY. Default 64.
	MaxRequests int
	// ReadTime is how long the body of a request may take to come; default 5 s.
	ReadTime time.Duration
	// WriteTime is how long somebody may take nothing of an answer before he is cut off; default 10 s.
	WriteTime time.Duration
	// Logger; nil: nothing is logged.
	Logger *slog.Logger
}

// Server serves the control socket of a gateway.
type Server struct {
	fleet     Fleet
	log       *slog.Logger
	readTime  time.Duration
	writeTime time.Duration
	slots     chan struct{} // one token for each request that is worked on
	listener  net.Listener
	http      *http.Server
}

// Open makes the socket. The error is ErrPathTooLong, ErrInUse, ErrNotSocket, or the system's.
func Open(cfg Config) (*Server, error) {
	l, err := listen(cfg.Folder)
	if err != nil {
		return nil, err
	}
	s := &Server{
		fleet: cfg.Fleet, log: cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler)), listener: l,
		readTime: cmp.Or(cfg.ReadTime, readTime), writeTime: cmp.Or(cfg.WriteTime, writeTime),
		slots: make(chan struct{}, cmp.Or(cfg.MaxRequests, maxRequests)),
	}
	s.http = &http.Server{
		Handler: s.bounded(s.routes()), ConnContext: withPeer,
		ReadHeaderTimeout: readTime, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// Path is where the socket is.
func (s *Server) Path() string { return s.listener.Addr().String() }

// Run serves until ctx ends, and then returns nil. The socket is removed.
func (s *Server) Run(ctx context.Context) error {
	serving, end := context.WithCancel(ctx) // those who follow are let go of with ctx
	defer end()
	s.http.BaseContext = func(net.Listener) context.Context { return serving }
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
		return fmt.Errorf("serve the control socket: %w", err)
	}
	return nil
}

// Close ends a server that was not run.
func (s *Server) Close() error { return s.listener.Close() }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/devices", s.devices)
	mux.HandleFunc("GET /v1/devices/{id}", s.device)
	mux.HandleFunc("GET /v1/buses", s.buses)
	mux.HandleFunc("GET /v1/readings", s.readings)
	mux.HandleFunc("GET /v1/why/{id}", s.why)
	mux.HandleFunc("POST /v1/send", s.send)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, roostv1.Errorf(roostv1.ErrNotFound, "there is nothing at %s %.80q", r.Method, r.URL.Path))
	})
	return mux
}

// bounded lets only so many requests in at one time, and a defect that shows in one of them ends that one
// only.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		default:
			s.refuse(w, roostv1.Errorf(roostv1.ErrBusy, "%d requests are being worked on already: try again", cap(s.slots)))
			return
		}
		defer func() {
			if defect := recover(); defect != nil {
				s.log.Error("a local request failed by a defect", "path", r.URL.Path, "panic", defect, "stack", string(debug.Stack()))
				s.refuse(w, roostv1.Errorf(roostv1.ErrInternal, "a defect of the gateway: %v", defect))
			}
		}()
		if err := s.receive(w, r); err != nil {
			s.refuse(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// receive reads the whole of a request before it is worked on. The server would read what is left of it before it
// answers, without an end: whoever sends half of one and waits would never give back what he was let in by.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) error {
	if r.Body == http.NoBody {
		return nil
	}
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(s.readTime)) // a server's own writer can do it
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch { // the deadline stays where something is left to read
	case errors.As(err, &large):
		return roostv1.Errorf(roostv1.ErrInvalid, "the request has more than %d bytes", maxBody)
	case err != nil:
		return roostv1.Errorf(roostv1.ErrInvalid, "the request could not be read: %v", err)
	}
	_ = connection.SetReadDeadline(time.Time{}) // the answer may take longer
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// answer writes a message as the whole answer.
func (s *Server) answer(w http.ResponseWriter, code int, m proto.Message) {
	body, err := roostv1.Marshal(m, true)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.write(w, code, body)
}

// write writes the whole of an answer.
func (s *Server) write(w http.ResponseWriter, code int, body []byte) {
	s.patience(w)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n')) // whoever has gone does not ask
}

// patience has the next writes fail if nothing of them is taken for a while.
func (s *Server) patience(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.writeTime)) // a server's own writer can do it
}

// refuse answers what went wrong.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	status := roostv1.StatusOf(err)
	s.answer(w, httpCode(status.Code), status)
}

// httpCode is the HTTP status for what went wrong.
func httpCode(code roostv1.Code) int {
	switch code {
	case roostv1.ErrInvalid:
		return http.StatusBadRequest
	case roostv1.ErrNotFound:
		return http.StatusNotFound
	case roostv1.ErrPermission:
		return http.StatusForbidden
	case roostv1.ErrConflict, roostv1.ErrAlreadyExists:
		return http.StatusConflict
	case roostv1.ErrBusy:
		return http.StatusTooManyRequests
	case roostv1.ErrExpired, roostv1.ErrOutcomeUnknown:
		return http.StatusGatewayTimeout
	case roostv1.ErrInternal:
		return http.StatusInternalServerError
	default:
		return http.StatusServiceUnavailable
	}
}
