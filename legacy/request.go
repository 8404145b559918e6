package legacy

import (
	"net/http"

	"aiusage/usage"
)

// maxJoined is more than any value that could be accepted. Values are not
// joined beyond it: the field is already sure to be refused, and a body of
// nothing but repetitions would take time quadratic in its size.
const maxJoined = 1 << 10

// join adds a value to those that a repeated name already has (fact 3).
func join(field *string, value string) {
	switch {
	case value == "" || len(*field) > maxJoined:
	case *field == "":
		*field = value
	default:
		*field += "," + value
	}
}

// readRequest puts a request together from its body and its query string. At
// /ai/usage the query beats a body and a form beats the query (fact 2); at the
// predefined paths a body makes the query count for nothing (fact 22).
func (h *handler) readRequest(w http.ResponseWriter, r *http.Request, route route, query form) (usage.Request, error) {
	var request usage.Request
	body, err := h.body(w, r, route)
	if err != nil {
		return request, err
	}
	values, err := usageMessage.read(body)
	if err != nil {
		return request, unreadable(body.contentType, false, err)
	}
	if route.kind == predefined && len(body.content) > 0 {
		query = nil
	}
	if body.kind == mediaForm || body.kind == mediaMultipart {
		query.apply(&request)
		values.apply(&request)
	} else {
		values.apply(&request)
		query.apply(&request)
	}
	return request, translateDates(&request)
}

// apply sets every field that the form has a value for.
func (f form) apply(request *usage.Request) {
	for name, field := range map[string]*string{
		"accountid": &request.AccountID, "customerid": &request.CustomerID,
		"startdate": &request.StartDate, "enddate": &request.EndDate,
	} {
		if value := f[name]; value != "" {
			*field = value
		}
	}
}
