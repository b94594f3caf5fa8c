"""A quiz as a QTI 2.1 package (IMS Question and Test Interoperability, final of 2012)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from explorer.materials.quiz import Numeric, Question

QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
# What is drawn in a zip's own calendar: the same lesson gives the same bytes.
STAMP = (1980, 1, 1, 0, 0, 0)


def qti(questions: Sequence[Question], id: str, title: str) -> bytes:
    """The zip: a manifest, a test, and an item for each question."""
    items = {f"{id}_{at}": item for at, item in enumerate(questions, 1)}
    files = {"imsmanifest.xml": _manifest(id, list(items)), "test.xml": _test(id, title, items)}
    files |= {f"{name}.xml": _item(name, question) for name, question in items.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, tree in files.items():
            ElementTree.indent(tree)
            content = ElementTree.tostring(tree, "utf-8", xml_declaration=True)
            packed.writestr(zipfile.ZipInfo(name, STAMP), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _root(tag: str, namespace: str, where: str, **attributes: str) -> Element:
    return Element(
        tag,
        {
            "xmlns": namespace,
            "xmlns:xsi": SCHEMA,
            "xsi:schemaLocation": f"{namespace} {where}",
            **attributes,
        },
    )


def _item(name: str, question: Question) -> Element:
    is_number = isinstance(question, Numeric)
    root = _root(
        "assessmentItem",
        QTI,
        "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd",
        identifier=name,
        title=question.name,
        adaptive="false",
        timeDependent="false",
    )
    declared = SubElement(
        root,
        "responseDeclaration",
        identifier="RESPONSE",
        cardinality="single",
        baseType="float" if is_number else "identifier",
    )
    right = SubElement(declared, "correctResponse")
    SubElement(right, "value").text = (
        f"{question.value:.4g}" if isinstance(question, Numeric) else f"choice_{question.answer}"
    )
    for outcome, kind, start in (("SCORE", "float", "0"), ("FEEDBACK", "identifier", "none")):
        said = SubElement(
            root, "outcomeDeclaration", identifier=outcome, cardinality="single", baseType=kind
        )
        SubElement(SubElement(said, "defaultValue"), "value").text = start
    body = SubElement(root, "itemBody")
    if isinstance(question, Numeric):
        SubElement(body, "p").text = question.ask
        line = SubElement(body, "p")
        SubElement(line, "textEntryInteraction", responseIdentifier="RESPONSE", expectedLength="10")
    else:
        asked = SubElement(
            body, "choiceInteraction", responseIdentifier="RESPONSE", shuffle="true", maxChoices="1"
        )
        SubElement(asked, "prompt").text = question.ask
        for at, text in enumerate(question.choices):
            SubElement(asked, "simpleChoice", identifier=f"choice_{at}").text = text
    processing = SubElement(root, "responseProcessing")
    condition = SubElement(SubElement(processing, "responseCondition"), "responseIf")
    if isinstance(question, Numeric):
        both = SubElement(condition, "and")
        for comparison, edge in (("gte", question.low), ("lte", question.high)):
            compared = SubElement(both, comparison)
            SubElement(compared, "variable", identifier="RESPONSE")
            SubElement(compared, "baseValue", baseType="float").text = f"{edge:g}"
    else:
        compared = SubElement(condition, "match")
        SubElement(compared, "variable", identifier="RESPONSE")
        SubElement(compared, "correct", identifier="RESPONSE")
    score = SubElement(condition, "setOutcomeValue", identifier="SCORE")
    SubElement(score, "baseValue", baseType="float").text = "1"
    shown = SubElement(processing, "setOutcomeValue", identifier="FEEDBACK")
    SubElement(shown, "baseValue", baseType="identifier").text = "because"
    feedback = SubElement(
        root,
        "modalFeedback",
        outcomeIdentifier="FEEDBACK",
        identifier="because",
        showHide="show",
    )
    feedback.text = question.because
    return root


def _test(id: str, title: str, items: dict[str, Question]) -> Element:
    root = _root(
        "assessmentTest",
        QTI,
        "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd",
        identifier=f"{id}_quiz",
        title=title,
    )
    part = SubElement(
        root,
        "testPart",
        identifier="part",
        navigationMode="nonlinear",
        submissionMode="individual",
    )
    section = SubElement(part, "assessmentSection", identifier="all", title=title, visible="true")
    for name in items:
        SubElement(section, "assessmentItemRef", identifier=name, href=f"{name}.xml")
    return root


def _manifest(id: str, items: Sequence[str]) -> Element:
    root = _root(
        "manifest",
        PACKAGE,
        "http://www.imsglobal.org/xsd/qti/qtiv2p1/qtiv2p1_imscpv1p2_v1p0.xsd",
        identifier=f"{id}_package",
    )
    metadata = SubElement(root, "metadata")
    SubElement(metadata, "schema").text = "QTIv2.1 Package"
    SubElement(metadata, "schemaversion").text = "1.0.0"
    SubElement(root, "organizations")
    resources = SubElement(root, "resources")
    for name, kind, needs in _resources(items):
        resource = SubElement(
            resources, "resource", identifier=f"{name}_file", type=kind, href=f"{name}.xml"
        )
        SubElement(resource, "file", href=f"{name}.xml")
        for other in needs:
            SubElement(resource, "dependency", identifierref=f"{other}_file")
    return root


def _resources(items: Sequence[str]) -> Iterator[tuple[str, str, Sequence[str]]]:
    yield "test", "imsqti_test_xmlv2p1", items
    for name in items:
        yield name, "imsqti_item_xmlv2p1", ()
