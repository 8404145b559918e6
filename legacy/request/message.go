package request

import (
	"errors"
	"strings"

	"aiusage/legacy/contract"
)

// message is what a kind of request looks like in every format: its element and
// namespace in XML, and its fields.
type message struct {
	name, namespace string
	// fields are the contract's names by their lower-case forms.
	fields map[string]string
}

// usageMessage asks for a report.
var usageMessage = message{contract.OperationName, contract.Namespace, byLowerCase("AccountId", "CustomerId", "StartDate", "EndDate")}

// authenticateMessage signs in (fact 19), with those of its fields that matter here.
var authenticateMessage = message{contract.AuthenticateName, contract.ErrorNamespace, byLowerCase("provider", "UserName", "Password", "RememberMe", "ReturnUrl")}

func byLowerCase(names ...string) map[string]string {
	fields := map[string]string{}
	for _, name := range names {
		fields[contract.Lower(name)] = name
	}
	return fields
}

// field returns the contract's name of a field by a name in any case (fact 3), or
// nothing when there is no such field. White space around a name does not matter:
// JSV and CSV keep it, and a filter must not get lost for a space.
func (m message) field(name string) string { return m.fields[contract.Lower(strings.TrimSpace(name))] }

// read reads the values of one request by the lower-case names of its fields. A
// body of no bytes is an empty request (fact 4).
func (m message) read(body requestBody) (form, error) {
	if len(body.content) == 0 {
		return nil, nil
	}
	if body.kind == contract.Multipart {
		return m.readMultipart(body.content, body.contentType)
	}
	text, err := decodeText(body.content, body.kind)
	if err != nil {
		return nil, err
	}
	switch body.kind {
	case contract.Form:
		return m.readForm(text.content)
	case contract.Media(contract.XML):
		return first(m.readXML(text, false))
	case contract.Media(contract.JSON):
		return first(m.readJSON(text.content, false))
	case contract.Media(contract.JSV):
		return m.readJSV(text.content)
	case contract.Media(contract.CSV):
		return m.readCSV(text.content)
	}
	return nil, errors.New("nobody knows how the body is written")
}

func first(values []form, err error) (form, error) {
	if err != nil {
		return nil, err
	}
	return values[0], nil
}

// readBatch reads the values of the requests of a batch: JSON or XML (fact 23).
func (m message) readBatch(body requestBody) ([]form, error) {
	if len(body.content) == 0 {
		return nil, nil
	}
	text, err := decodeText(body.content, body.kind)
	if err != nil {
		return nil, err
	}
	switch body.kind {
	case contract.Media(contract.XML):
		return m.readXML(text, true)
	case contract.Media(contract.JSON):
		return m.readJSON(text.content, true)
	}
	return nil, errors.New("a batch is JSON or XML")
}
