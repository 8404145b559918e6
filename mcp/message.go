package mcp

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"aiusage/observe"
)

// methods are those that are answered. Others of the protocol are for servers that keep
// something, or that send something by themselves.
var methods = map[string]bool{
	"initialize": true, "notifications/initialized": true, "notifications/cancelled": true, "ping": true,
	"server/discover": true, "tools/list": true, "tools/call": true,
}

// messages hands on what is answered, and answers the rest: the SDK refuses methods that it does not know
// in plain text, without the id of the request, and opens a stream for some that are not answered here.
func messages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "the body could not be read", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		// What cannot be read is refused by the SDK.
		message, _ := jsonrpc.DecodeMessage(body)
		request, isRequest := message.(*jsonrpc.Request)
		answered := &answered{ResponseWriter: w}
		if isRequest && !methods[request.Method] && isJSON(r) {
			refuseMethod(answered, r, request)
		} else {
			next.ServeHTTP(answered, r.WithContext(context.WithValue(r.Context(), answeredKey{}, answered)))
		}
		isCall := isRequest && request.IsCall()
		if r.Context().Err() == nil && (answered.status >= http.StatusBadRequest || isCall && !answered.isResult.Load()) {
			observe.From(r.Context()).Failed(badRequest)
		}
	})
}

// badRequest is the code of messages that are refused as such, in the words of GraphQL.
const badRequest = "BAD_REQUEST"

func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// sinceNotFound is the version of the protocol from which on a method that there is not is
// not found as HTTP has it, too.
const sinceNotFound = "2026-07-28"

// refuseMethod answers a request for what there is not. A notification gets no answer, whatever it is.
func refuseMethod(w http.ResponseWriter, r *http.Request, request *jsonrpc.Request) {
	if !request.IsCall() {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	answer, err := jsonrpc.EncodeMessage(&jsonrpc.Response{ID: request.ID, Error: &jsonrpc.Error{
		Code: jsonrpc.CodeMethodNotFound, Message: "there is no such method: this server has tools only"}})
	if err != nil {
		panic(err) // it is made of what was read
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Mcp-Protocol-Version") >= sinceNotFound {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = w.Write(answer) // the caller has gone
}

// answered is what becomes of a message.
type answered struct {
	http.ResponseWriter
	status int
	// isResult: the answer to a request is a result, and not an error of the protocol.
	isResult atomic.Bool
}

type answeredKey struct{}

// WriteHeader begins the answer.
func (a *answered) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// noteResults notes which requests have a result.
func noteResults(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, request sdk.Request) (sdk.Result, error) {
		result, err := next(ctx, method, request)
		if err == nil {
			ctx.Value(answeredKey{}).(*answered).isResult.Store(true)
		}
		return result, err
	}
}
