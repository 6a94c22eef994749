package cluster

import (
	"log/slog"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxRequest bounds a request: the largest command, and room for what is around it.
const maxRequest = 128 << 10

// exchange is one request and its one answer, which is given in the request's form:
// protobuf or JSON. Its methods may be called concurrently; only the first answer is sent.
//
// It does not answer through micro.Request: that is for the goroutine of the endpoint, which
// looks at the request again when its handler has returned.
type exchange struct {
	nc      *nats.Conn
	subject string
	by      *roostv1.Identity // who asks; nil: the hub knows nobody by name
	reply   string            // empty: nobody waits for an answer
	data    []byte            // nil once it was read: an answer may take minutes
	inJSON  bool              // set by read, before anything is answered
	log     *slog.Logger
	once    sync.Once
}

func newExchange(nc *nats.Conn, r micro.Request, log *slog.Logger) *exchange {
	return &exchange{nc: nc, subject: r.Subject(), reply: r.Reply(), data: r.Data(), log: log}
}

// read reads the request, once. The error is ErrInvalid.
func (x *exchange) read(m proto.Message) error {
	defer func() { x.data = nil }()
	if len(x.data) > maxRequest {
		x.inJSON = x.data[0] == '{'
		return roostv1.Errorf(roostv1.ErrInvalid, "the request has %d bytes, at most %d are accepted", len(x.data), maxRequest)
	}
	var err error
	x.inJSON, err = roostv1.Unmarshal(x.data, m)
	return err
}

// refuse answers with an error: in the message, for programs, and in the headers of the
// micro service, for tools.
func (x *exchange) refuse(err error) {
	status := roostv1.StatusOf(err)
	data, err := roostv1.Marshal(x.statusMessage(status), x.inJSON)
	if err != nil {
		data = nil // the headers say it too
	}
	x.send(&nats.Msg{Data: data, Header: nats.Header{
		micro.ErrorCodeHeader: {strings.TrimPrefix(status.Code.String(), "CODE_")},
		micro.ErrorHeader:     {headerText(status.Error())},
	}})
}

// statusMessage is the answer of the request's kind that holds only a status; all of them
// have it, and the endpoint's name tells which it is.
func (x *exchange) statusMessage(status *roostv1.Status) proto.Message {
	switch subject := x.subject; {
	case strings.HasSuffix(subject, ".status"):
		return &roostv1.StatusResponse{Status: status}
	case strings.HasSuffix(subject, ".release"):
		return &roostv1.ReleaseResponse{Status: status}
	case strings.HasSuffix(subject, ".drain"):
		return &roostv1.DrainResponse{Status: status}
	case strings.HasSuffix(subject, ".history"):
		return &roostv1.HistoryResponse{Status: status}
	default:
		return &roostv1.SendResponse{Status: status}
	}
}

// answer answers with a message. While that is larger than the hub takes, shrink is asked
// to make it smaller; when it cannot, the answer is an error.
func (x *exchange) answer(m proto.Message, shrink func(proto.Message) bool) {
	most := int(x.nc.MaxPayload()) - headerRoom
	for {
		data, err := roostv1.Marshal(m, x.inJSON)
		if err == nil && len(data) <= most {
			x.send(&nats.Msg{Data: data})
			return
		}
		if shrink == nil || !shrink(m) {
			x.refuse(roostv1.Errorf(roostv1.ErrExhausted, "the answer has more than the %d bytes that the hub takes", most))
			return
		}
	}
}

// send sends the answer, if it is the first one. If it cannot be sent, the caller finds
// out by his own timeout.
func (x *exchange) send(m *nats.Msg) {
	if x.reply == "" {
		return
	}
	x.once.Do(func() {
		m.Subject = x.reply
		if err := x.nc.PublishMsg(m); err != nil {
			x.log.Warn("request not answered", "subject", x.subject, "error", err)
		}
	})
}

// headerText makes a text fit for a header: one line, and not too long.
func headerText(s string) string {
	const most = 512
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
