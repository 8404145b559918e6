package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"aiusage/admission"
	"aiusage/failure"
	"aiusage/observe"
	"aiusage/usage"
)

// tool is something that a model can ask.
type tool struct {
	name, title string
	// says what it is for, and when to use it.
	says      string
	arguments []argument
	output    *jsonschema.Schema
	ask       func(*question) (reply, error)
}

// tools are all tools, in the order in which they are listed.
var tools = []tool{findAccounts, usageReport, usageCompare, usageDrivers, usageSessions}

// ToolNames are the names of all tools.
func ToolNames() []string {
	names := make([]string, len(tools))
	for i, one := range tools {
		names[i] = one.name
	}
	return names
}

// reply is what a tool answers: data of its output schema, and the same in words.
type reply interface{ text() string }

// question is a call of a tool while it is answered.
type question struct {
	door
	ctx    context.Context
	given  given
	origin string
	now    time.Time
}

// door answers calls.
type door struct{ Options }

// definition returns the tool as callers are told of it.
func (t tool) definition() *sdk.Tool {
	isDestructive, isOpen := false, false
	return &sdk.Tool{
		Name: t.name, Title: t.title, Description: t.says, InputSchema: inputSchema(t.arguments), OutputSchema: t.output,
		Annotations: &sdk.ToolAnnotations{Title: t.title, ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &isDestructive, OpenWorldHint: &isOpen},
	}
}

// handle returns what answers calls of a tool.
func (d *door) handle(t tool) sdk.ToolHandler {
	return func(ctx context.Context, request *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		asking := ctx.Value(callKey{}).(*call)
		observe.From(asking.ctx).At("mcp", t.name)
		var result *sdk.CallToolResult
		err := usage.Safely(func() (err error) {
			result, err = d.answer(asking, t, request.Params.Arguments)
			return err
		})
		if err != nil {
			return d.refuse(asking.ctx, err), nil
		}
		return result, nil
	}
}

// answer answers a call.
func (d *door) answer(asking *call, t tool, arguments json.RawMessage) (*sdk.CallToolResult, error) {
	given, err := read(t.arguments, arguments)
	if err != nil {
		return nil, err
	}
	found, err := t.ask(&question{*d, asking.ctx, given, asking.origin, time.Now()})
	if err != nil {
		return nil, err
	}
	structured, err := json.Marshal(found)
	if err != nil {
		return nil, err
	}
	return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: found.text()}}, StructuredContent: json.RawMessage(structured)}, nil
}

// refuse returns an error in words that let the model do better.
func (d *door) refuse(ctx context.Context, err error) *sdk.CallToolResult {
	coded := failure.Log(ctx, d.Log, err)
	observe.From(ctx).Failed(failure.GraphQLCode(coded.Code))
	words := coded.In(names).String()
	header := http.Header{}
	if failure.SetRetryAfter(header, coded); header.Get("Retry-After") != "" {
		words += fmt.Sprintf("; wait %s seconds", header.Get("Retry-After"))
	}
	return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: words}}, IsError: true}
}

// inTurn waits for the turn of a query, and reads in it.
func (q *question) inTurn(query usage.Query, read func(context.Context) error) error {
	turn, err := q.Turn(q.ctx, query)
	if err != nil {
		return err
	}
	defer turn.End()
	err = read(admission.NewContext(q.ctx, turn))
	if usage.IsLate(q.ctx) {
		return context.DeadlineExceeded // which makes everything fail in ways that do not say so
	}
	return err
}

// schemaOf returns the schema of what a tool answers.
func schemaOf[T any]() *jsonschema.Schema {
	schema, err := jsonschema.For[T](nil)
	if err != nil {
		panic(err) // the type is none of JSON
	}
	return schema
}
