package request

import (
	"errors"
	"fmt"
	"net/http"

	"aiusage/legacy/contract"
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

// maxBatch is the largest number of requests in one batch (fact 23).
const maxBatch = 100

// errBatch refuses a batch before more of it is read.
var errBatch = fmt.Errorf("a batch has at most %d requests", maxBatch)

// Requests reads one request, or a batch of them whose dates are left as they are. The body
// has at most max bytes.
func (h *Head) Requests(w http.ResponseWriter, max int64) ([]usage.Request, error) {
	if err := checkCallback(h.As.Callback); err != nil {
		return nil, err
	}
	if h.Route.Batch {
		return h.readBatch(w, max)
	}
	request, err := h.readRequest(w, max)
	return []usage.Request{request}, err
}

// readRequest puts a request together from its body and its query string. At
// /ai/usage the query beats a body and a form beats the query (fact 2); at the
// predefined paths a body makes the query count for nothing (fact 22).
func (h *Head) readRequest(w http.ResponseWriter, max int64) (usage.Request, error) {
	var request usage.Request
	body, err := h.body(w, max)
	if err != nil {
		return request, err
	}
	values, err := usageMessage.read(body)
	if err != nil {
		return request, unreadable(body.contentType, false, err)
	}
	query := h.query
	if h.Route.Kind == Predefined && len(body.content) > 0 {
		query = nil
	}
	if body.kind == contract.Form || body.kind == contract.Multipart {
		query.apply(&request)
		values.apply(&request)
	} else {
		values.apply(&request)
		query.apply(&request)
	}
	return request, TranslateDates(&request)
}

// readBatch reads several requests (fact 23). Their dates are read as each is answered.
func (h *Head) readBatch(w http.ResponseWriter, max int64) ([]usage.Request, error) {
	body, err := h.body(w, max)
	if err != nil {
		return nil, err
	}
	read, err := usageMessage.readBatch(body)
	if errors.Is(err, errBatch) {
		return nil, contract.BadArgument("", errBatch.Error())
	}
	if err != nil {
		return nil, unreadable(body.contentType, true, err)
	}
	requests := make([]usage.Request, len(read))
	for i, values := range read {
		values.apply(&requests[i])
	}
	return requests, nil
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
