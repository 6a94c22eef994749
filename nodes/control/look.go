package control

import (
	"encoding/json"
	"net/http"
	"strconv"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// pageSize is how many devices or buses are in one answer at most: as JSON they must fit a message.
const pageSize = 200

// devices answers a page of the devices that are served here.
func (s *Server) devices(w http.ResponseWriter, r *http.Request) {
	after, limit, err := pageOf(r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	page, more := s.fleet.Statuses(after, limit)
	s.answer(w, http.StatusOK, &roostv1.StatusResponse{Devices: page, More: more, Status: roostv1.StatusOf(nil)})
}

// buses answers a page of the buses that are served here.
func (s *Server) buses(w http.ResponseWriter, r *http.Request) {
	after, limit, err := pageOf(r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	page, more := s.fleet.Buses(after, limit)
	s.answer(w, http.StatusOK, &roostv1.StatusResponse{Buses: page, More: more, Status: roostv1.StatusOf(nil)})
}

// pageOf tells which page is asked for.
func pageOf(r *http.Request) (after string, limit int, err error) {
	query, err := queryOf(r, "after", "limit")
	if err != nil {
		return "", 0, err
	}
	limit = pageSize
	if asked := query.Get("limit"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 {
			return "", 0, roostv1.Errorf(roostv1.ErrInvalid, "limit %.20q is not a number above 0", asked)
		}
		limit = min(n, pageSize)
	}
	return query.Get("after"), limit, nil
}

// deviceBody is a Device as it is sent.
type deviceBody struct {
	Spec    json.RawMessage `json:"spec,omitempty"`
	Profile json.RawMessage `json:"profile,omitempty"`
	Status  json.RawMessage `json:"status,omitempty"`
	Desired json.RawMessage `json:"desired,omitempty"`
}

// device answers all that is known of one device.
func (s *Server) device(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if err := roostv1.CheckID("device id", id); err != nil {
		s.refuse(w, err)
		return
	}
	d, ok := s.fleet.Device(id)
	if !ok {
		s.refuse(w, notHere(id))
		return
	}
	var body deviceBody
	for _, part := range []struct {
		to *json.RawMessage
		m  proto.Message
	}{{&body.Spec, d.Spec}, {&body.Profile, d.Profile}, {&body.Status, d.Status}, {&body.Desired, d.Desired}} {
		if !part.m.ProtoReflect().IsValid() {
			continue
		}
		data, err := roostv1.Marshal(part.m, true)
		if err != nil {
			s.refuse(w, err)
			return
		}
		*part.to = data
	}
	whole, err := json.Marshal(body)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.write(w, http.StatusOK, whole)
}

// notHere says that a gateway does not serve a device.
func notHere(id string) error {
	return roostv1.Errorf(roostv1.ErrNotFound, "this gateway does not serve device %s", id)
}

// why answers why a device is where it is.
func (s *Server) why(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	err := roostv1.CheckID("device id", id)
	var story *roostv1.Story
	if err == nil {
		story, err = s.fleet.Story(id)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.answer(w, http.StatusOK, story)
}
