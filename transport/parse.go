package transport

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
)

// parse parses a document of at most so many tokens. The error says what is wrong, where
// and what to do, which gqlparser's do not always ("Unexpected <Invalid>").
func parse(text string, tokens int) (*ast.QueryDocument, *gqlerror.Error) {
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, tokens)
	if err != nil {
		failed := gqlerror.WrapIfUnwrapped(err)
		if len(failed.Locations) > 0 {
			at := failed.Locations[0]
			failed.Message = fmt.Sprintf("the document cannot be read at line %d, column %d: %s", at.Line, at.Column, plainWords(text, failed.Message))
		}
		errcode.Set(failed, errcode.ParseFailed)
		if strings.Contains(err.Error(), "exceeded token limit") {
			failed.Rule = "tokens"
		}
		return nil, failed
	}
	for _, fragment := range document.Fragments {
		if len(fragment.VariableDefinition) > 0 {
			at := fragment.Position
			return nil, &gqlerror.Error{
				Message:    fmt.Sprintf("the document cannot be read at line %d, column %d: a fragment has no variables of its own; declare them with the operation", at.Line, at.Column),
				Locations:  []gqlerror.Location{{Line: at.Line, Column: at.Column}},
				Extensions: map[string]any{"code": errcode.ParseFailed},
			}
		}
	}
	if len(document.Operations) == 0 {
		return nil, codedError(validationFailed, "the document has no operation; write one, such as { viewer { name } }")
	}
	return document, nil
}

// plainWords says a message of the parser in other words, where its own are poor.
func plainWords(text, message string) string {
	what, after, found := strings.Cut(message, ", found ")
	switch {
	case strings.Contains(message, lexer.Invalid.String()):
		return invalidToken(text)
	case what == "expected at least one definition" && after == "}":
		return "there is nothing between { and }; select at least one field"
	case what == "expected at least one definition" && after == ")":
		return "there is nothing between ( and ); leave them out, or write what belongs there"
	case found && strings.HasPrefix(after, lexer.EOF.String()), message == "Unexpected "+lexer.EOF.String():
		return strings.ReplaceAll(message, lexer.EOF.String(), "the end of the document") + "; is a closing } or ) missing?"
	}
	return message
}

// invalidToken says what is wrong with the first token of a text that is none.
func invalidToken(text string) string {
	tokens := lexer.New(&ast.Source{Input: text})
	for {
		token, err := tokens.ReadToken()
		failed, isGraphQL := err.(*gqlerror.Error)
		switch {
		case err == nil && token.Kind != lexer.EOF:
		case !isGraphQL:
			return "it is not GraphQL"
		case strings.HasPrefix(failed.Message, "Cannot parse the unexpected character"):
			// The lexer shows one byte of it.
			return fmt.Sprintf("the character %q has no meaning here", runeAt(text, token.Pos.Start))
		default:
			return failed.Message
		}
	}
}

// runeAt returns the character of a text with so many before it.
func runeAt(text string, index int) rune {
	for _, r := range text {
		if index == 0 {
			return r
		}
		index--
	}
	return utf8.RuneError
}

// choose returns the operation of a document that is to be executed: the one with the
// name, or the only one where no name is given.
func choose(document *ast.QueryDocument, name string) (*ast.OperationDefinition, *gqlerror.Error) {
	if operation := document.Operations.ForName(name); operation != nil {
		return operation, nil
	}
	var names []string
	for _, operation := range document.Operations {
		if operation.Name != "" {
			names = append(names, cut(operation.Name))
		}
	}
	switch {
	case name == "":
		return nil, codedError(validationFailed, fmt.Sprintf("the document has %d operations; say in operationName which one to execute: %s", len(document.Operations), strings.Join(names, ", ")))
	case len(names) == 0:
		return nil, codedError(validationFailed, fmt.Sprintf("the document has no operation with the name %q, only one without a name; leave operationName out", cut(name)))
	}
	return nil, codedError(validationFailed, fmt.Sprintf("the document has no operation with the name %q; it has %s", cut(name), strings.Join(names, ", ")))
}
