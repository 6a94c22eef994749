package control

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// queryOf returns the query of a request, which may have these names only, each once.
func queryOf(r *http.Request, names ...string) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the query cannot be read: %v", err)
	}
	for name, values := range query {
		switch {
		case !slices.Contains(names, name):
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "there is no %.40q here, but %s", name, strings.Join(names, ", "))
		case len(values) > 1:
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "%s is there twice", name)
		}
	}
	return query, nil
}
