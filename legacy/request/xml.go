package request

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"aiusage/legacy/contract"
)

// readXML reads the document of one request, or for a batch an ArrayOf… of them
// (facts 5, 6 and 23). Elements may come in any order. Whatever looks like a
// filter but would not be one is an error, never ignored: a repeated element, a
// name in the wrong case or in another namespace, text between the elements.
func (m message) readXML(body bodyText, batch bool) ([]form, error) {
	document, err := cutDeclaration(body)
	if err != nil {
		return nil, err
	}
	reader := newXMLReader(contract.HideReferences(document))
	root, err := reader.root()
	if err != nil {
		return nil, err
	}
	var requests []form
	if batch {
		requests, err = reader.array(m, root)
	} else {
		requests = make([]form, 1)
		requests[0], err = reader.request(m, root)
	}
	if err != nil {
		return nil, err
	}
	return requests, reader.finish()
}

var xmlDeclarationForm = regexp.MustCompile(`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')` +
	`(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"([A-Za-z][\w.-]*)"|'([A-Za-z][\w.-]*)'))?` +
	`(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>`)

// cutDeclaration removes the XML declaration. The encoding it declares must be
// the one that the document is in (fact 5).
func cutDeclaration(body bodyText) (string, error) {
	parts := xmlDeclarationForm.FindStringSubmatch(body.content)
	if parts == nil {
		parts = make([]string, 3) // anything like one will be found to be a processing instruction
	}
	declared := contract.Lower(parts[1] + parts[2])
	isUTF16 := body.encoding != encodingUTF8
	switch {
	case declared == "" && isUTF16 && !body.marked:
		return "", errors.New("the document is UTF-16 with neither a byte order mark nor a declaration of it")
	case declared != "" && declared != body.encoding && !(isUTF16 && declared == encodingUTF16):
		return "", fmt.Errorf("the declared encoding %q is not the encoding of the document, %s", declared, body.encoding)
	}
	return body.content[len(parts[0]):], nil
}

// array reads the requests of a batch.
func (x *xmlReader) array(m message, root xmlElement) ([]form, error) {
	if err := root.named("ArrayOf"+m.name, m.namespace); err != nil {
		return nil, err
	}
	var requests []form
	for {
		child, err := x.child()
		if err != nil || child == nil {
			return requests, err
		}
		if len(requests) == maxBatch {
			return nil, errBatch
		}
		request, err := x.request(m, *child)
		if err != nil {
			return nil, err
		}
		requests = append(requests, request)
	}
}

// request reads the children of a request's element that has just begun.
func (x *xmlReader) request(m message, element xmlElement) (form, error) {
	if err := element.named(m.name, m.namespace); err != nil {
		return nil, err
	}
	values, seen := form{}, map[string]bool{}
	for {
		child, err := x.child()
		if err != nil || child == nil {
			return values, err
		}
		name, known := child.local, m.field(child.local)
		switch {
		case known == "":
			if err := x.skip(); err != nil {
				return nil, err
			}
			continue
		case child.space != m.namespace && child.space != "":
			return nil, fmt.Errorf("%s is in the wrong namespace %q", name, child.space)
		case known != name:
			return nil, fmt.Errorf("%s is spelled %s", name, known)
		case seen[name]:
			return nil, fmt.Errorf("%s is repeated", name)
		}
		seen[name] = true
		value, err := x.text(*child)
		if err != nil {
			return nil, err
		}
		values.add(name, value)
	}
}

// named makes sure of an element's name and that it is not nil.
func (e xmlElement) named(local, space string) error {
	if e.local != local || e.space != space {
		return fmt.Errorf("expected the element %s in the namespace %q, found %s in %q", local, space, e.local, e.space)
	}
	if e.null {
		return fmt.Errorf("%s is nil", local)
	}
	return nil
}

// text reads the content of an element that holds nothing but text. A nil
// element is empty.
func (x *xmlReader) text(element xmlElement) (string, error) {
	var content strings.Builder
	for {
		event, err := x.next()
		switch {
		case err != nil:
			return "", err
		case event.start != nil:
			return "", fmt.Errorf("%s holds an element", element.local)
		case event.end:
			if element.null && content.Len() > 0 {
				return "", fmt.Errorf("%s is nil and has content", element.local)
			}
			return contract.ShowReferences(content.String())
		}
		content.WriteString(event.text)
	}
}

// skip reads to the end of an element of no interest.
func (x *xmlReader) skip() error {
	for depth := 1; depth > 0; {
		event, err := x.next()
		switch {
		case err != nil:
			return err
		case event.start != nil:
			depth++
		case event.end:
			depth--
		}
	}
	return nil
}

// child returns the next child element, or nil at the end of the parent.
func (x *xmlReader) child() (*xmlElement, error) {
	for {
		event, err := x.next()
		switch {
		case err != nil:
			return nil, err
		case event.start != nil:
			return event.start, nil
		case event.end:
			return nil, nil
		case !blank(event.text):
			return nil, errors.New("there is text between the elements")
		}
	}
}

func blank(text string) bool { return strings.Trim(text, " \t\r\n") == "" }
