package control

import (
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// defaultWait is how long the end of a command is waited for if nobody says, and maxWait at most.
	defaultWait = 5 * time.Second
	maxWait     = 5 * time.Minute
)

// send has a command accepted, and answers what became of it.
func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	request, err := readSend(r)
	if err != nil {
		s.refuseSend(w, err)
		return
	}
	type outcome struct {
		record *roostv1.CommandRecord
		err    error
	}
	outcomes := make(chan outcome, 1)
	s.fleet.Submit(r.Context(), request.Command, request.Wait.AsDuration(), func(record *roostv1.CommandRecord, err error) {
		outcomes <- outcome{record, err}
	})
	select {
	case o := <-outcomes:
		if o.record == nil {
			s.refuseSend(w, o.err)
			return
		}
		s.answer(w, http.StatusOK, &roostv1.SendResponse{Record: o.record, Status: roostv1.StatusOf(o.err)})
	case <-r.Context().Done(): // whoever asked has gone, or the gateway stops
		s.refuseSend(w, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the gateway stops: command %s may have been accepted", request.Command.Id))
	}
}

// readSend reads a request. Its sender is who the kernel says it is, whatever else the request says.
func readSend(r *http.Request) (*roostv1.SendRequest, error) {
	who, err := identity(r.Context())
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body) // it was received
	if err != nil {
		return nil, err
	}
	request := &roostv1.SendRequest{}
	if _, err := roostv1.Unmarshal(body, request); err != nil {
		return nil, err
	}
	if err := roostv1.ValidateCommand(request.Command); err != nil {
		return nil, err
	}
	if request.Wait == nil {
		request.Wait = durationpb.New(defaultWait)
	}
	if wait := request.Wait; !wait.IsValid() || wait.AsDuration() < 0 || wait.AsDuration() > maxWait {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "wait: %v is not between 0 and %v", wait.AsDuration(), maxWait)
	}
	return request, complete(request.Command, who)
}

// complete gives a command its sender, and an id if it has none.
func complete(c *roostv1.Command, who string) error {
	c.Sender = signed(who, c.Sender)
	if c.Id == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		c.Id = id.String()
	}
	return nil
}

// refuseSend answers why there is no record.
func (s *Server) refuseSend(w http.ResponseWriter, err error) {
	status := roostv1.StatusOf(err)
	s.answer(w, httpCode(status.Code), &roostv1.SendResponse{Status: status})
}
