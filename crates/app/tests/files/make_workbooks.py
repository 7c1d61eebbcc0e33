"""Makes contacts.xlsx and contacts.ods beside this file: the same three rows that the tests send as text."""

import pathlib
import zipfile

ROWS = [
    ["E-Mail", "Name", "Telefon", "Notiz"],
    ["zoe@example.org", "Zoë Müller", "+49 30 1234", "mag Äpfel; und \"Birnen\""],
    ["soren@example.org", "Søren Ñandú", "", "zwei\nZeilen"],
    ["ada@example.org", "Ada Lovelace", "007", "100 €"],
]
HERE = pathlib.Path(__file__).parent


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def write(name: str, parts: dict[str, str]) -> None:
    with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in parts.items():
            # A fixed date, so that making them again changes nothing.
            stored = zipfile.ZIP_STORED if path == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text, stored)


def xlsx() -> dict[str, str]:
    rows = ""
    for number, row in enumerate(ROWS, 1):
        cells = "".join(
            f'<c r="{"ABCD"[place]}{number}" t="inlineStr"><is><t xml:space="preserve">{escaped(text)}</t></is></c>'
            for place, text in enumerate(row)
            if text
        )
        rows += f'<row r="{number}">{cells}</row>'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Kontakte" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }


def ods() -> dict[str, str]:
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    names = "urn:oasis:names:tc:opendocument:xmlns"
    rows = ""
    for row in ROWS:
        cells = ""
        for text in row:
            paragraphs = "".join(f"<text:p>{escaped(line)}</text:p>" for line in text.split("\n")) if text else ""
            cells += (
                f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'
                if text
                else "<table:table-cell/>"
            )
        rows += f"<table:table-row>{cells}</table:table-row>"
    return {
        "mimetype": kind,
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
        "content.xml": f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
        f'xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Kontakte">{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>",
    }


write("contacts.xlsx", xlsx())
write("contacts.ods", ods())
