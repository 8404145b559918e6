package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/introspection"

	"aiusage/graph"
)

type schemaCommand struct {
	Format string `default:"sdl" enum:"sdl,json" help:"sdl, the schema definition language; or json, the answer to an introspection query, as some tools want it (default: sdl)."`
}

// Run prints the GraphQL schema, which is a part of the program.
func (c schemaCommand) Run(ctx context.Context, p *process) error {
	schema := graph.NewExecutableSchema(graph.Config{})
	if c.Format == "json" {
		return writeIntrospection(ctx, p.stdout, schema)
	}
	// The text of schema.graphqls, whose order and layout are made for people.
	_, err := io.WriteString(p.stdout, schema.Schema().Query.Position.Src.Input)
	return err
}

// writeIntrospection asks the schema about itself; no resolver is needed for that.
func writeIntrospection(ctx context.Context, w io.Writer, schema graphql.ExecutableSchema) error {
	asker := executor.New(schema)
	asker.Use(extension.Introspection{})
	ctx = graphql.StartOperationTrace(ctx)
	operation, errs := asker.CreateOperationContext(ctx, &graphql.RawParams{Query: introspection.Query})
	if errs != nil {
		return errs
	}
	answer, ctx := asker.DispatchOperation(ctx, operation)
	response := answer(ctx)
	if len(response.Errors) > 0 {
		return response.Errors
	}
	var document bytes.Buffer
	if err := json.Indent(&document, fmt.Appendf(nil, `{"data":%s}`, response.Data), "", "  "); err != nil {
		return err
	}
	document.WriteByte('\n')
	_, err := document.WriteTo(w)
	return err
}
