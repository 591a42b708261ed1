"""`/_galeri`, in development only: every component in every state, with invented people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from api.pages.forms import Form
from api.pages.refusal_pages import refusal_page
from api.pages.rendering import install, page
from api.pages.words import clock_chip
from models.rules.errors import Fault
from models.rules.roles import Actor
from models.rules.stages import Stage

NOW = datetime(2026, 11, 26, 3, 5, tzinfo=UTC)
OFFICIAL = Actor("Tirdian Wiramukti", frozenset({"sekretaris"}), UUID(int=1))
PAGE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 210 297'%3E%3Crect width='210'"
    " height='297' fill='%23fff'/%3E%3Cg fill='%23b7cabf'%3E%3Cpath d='M30 30h150v8H30zM50 46h110v5H50zM24 76h160v4H24z"
    "M24 88h150v4H24zM24 100h158v4H24zM24 112h120v4H24zM24 136h160v4H24zM24 148h140v4H24zM120 200h60v4h-60z'/%3E"
    "%3C/g%3E%3C/svg%3E"
)
STATUSES = {"not-found": 404, "forbidden": 403, "internal": 500, "temporary": 503, "not-signed-in": 401}

router = APIRouter(include_in_schema=False)


@router.get("/_galeri")
def staff(request: Request) -> HTMLResponse:
    """What desks use, as the secretary sees it."""
    return page(request, "gallery.html", context(), actor=OFFICIAL)


@router.get("/_galeri/publik")
def public(request: Request) -> HTMLResponse:
    """What everybody sees."""
    return page(request, "gallery_public.html", context())


@router.get("/_galeri/ajukan")
def applicant(request: Request) -> HTMLResponse:
    """One page of an applicant as heavy as his pages get: form with faults, all his documents, the nine steps."""
    return page(request, "gallery_applicant.html", context())


@router.get("/_galeri/kotak")
def inbox(request: Request) -> HTMLResponse:
    """A first staff page: 25 rows with tabs, filters and the bulk bar."""
    return page(request, "gallery_inbox.html", context(), actor=OFFICIAL)


@router.get("/_galeri/konfirmasi")
def confirm(request: Request) -> HTMLResponse:
    """The page that asks before an act."""
    asked = {
        "question": "Batalkan nomor 503/0042/DPMPTSP/SIKRO/2026?",
        "text": "Nomor tetap tercatat di register sebagai batal, dengan alasannya.",
        "action": "/_galeri",
        "yes": "Ya, batalkan nomor",
        "no_href": "/_galeri",
        "danger": True,
        "rows": [{"key": "Pemegang", "value": "Melur Andrasari"}, {"key": "Alasan", "value": "Salah alamat"}],
    }
    return page(request, "confirm.html", asked, actor=OFFICIAL)


@router.get("/_galeri/galat/{code}")
def refusal(request: Request, code: str) -> HTMLResponse:
    """The page of one kind of problem."""
    problem = {"code": code, "status": STATUSES.get(code, 400), "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
    return refusal_page(request.app.state.pages, problem, request.headers)


@router.get("/_galeri/potongan")
def fragment() -> HTMLResponse:
    """A part that is polled."""
    return HTMLResponse("<p>12 dari 30 surat sudah ditandatangani.</p>")


def make_gallery() -> FastAPI:
    """The gallery alone, without database or queue: `uvicorn --factory api.pages.gallery:make_gallery`."""
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    install(app, development=True)
    return app


def context() -> dict[str, Any]:
    """Everything that the gallery's templates show."""
    return {
        "now": NOW,
        "today": date(2026, 11, 26),
        "stages": list(Stage),
        "chips": _chips(),
        "bad": _bad_form(),
        "rows": _rows(),
        "steps": _steps(),
        "events": _events(),
        "checks": _checks(),
        "letters": _letters(),
        "bars": _bars(),
        "viewer_pages": [_page(1), _page(2), _page(3)],
        "documents": _DOCUMENTS,
    }


_DOCUMENTS = (
    "Surat permohonan", "KTP", "Ijazah terakhir, dilegalisasi", "STRRO, dilegalisasi", "Surat keterangan sehat",
    "Surat keterangan tempat kerja", "Pas foto berwarna 4x6, latar merah", "Rekomendasi Kepala Dinas Kesehatan",
)  # fmt: skip


def _chips() -> list[Any]:
    return [
        clock_chip(320, 480),
        clock_chip(42, 480),
        clock_chip(-35, 480),
        clock_chip(90, 480, paused=True),
        clock_chip(20, 480, done=True),
        clock_chip(-95, 480, done=True),
        clock_chip(None, 0),
    ]


def _bad_form() -> Form:
    values = {
        "holder.name": ["Melur Andrasari"],
        "holder.nik": ["147106"],
        "conditions": ["represented"],
        "check.ktp": ["ok"],
        "check.strro": ["faulty"],
        "reason.strro": ["blur"],
        "note.strro": ["Nomor STRRO tidak terbaca: pindai ulang dengan cahaya cukup."],
    }
    faults = (
        Fault("/holder/nik", "NIK harus 16 angka. Salin dari KTP."),
        Fault("/type", "Pilih jenis permohonan."),
        Fault("/passphrase", "Kata sandi kunci salah. Belum ada yang berubah; ketik lagi."),
        Fault("/check/surat_sehat", "Surat keterangan sehat belum dinilai. Pilih salah satu."),
        Fault("/files/pas_foto", "Pas foto tidak terbaca. Kirim sebagai JPG atau PNG."),
    )
    return Form(values, faults)


def _rows() -> list[dict[str, Any]]:
    people = ("Melur Andrasari", "Raka Bintaro Sudiarja", "Siti Nurhalmah Panjaitan-Kusumawardhani", "Dodi Erlambang")
    left = (-35, 42, 320, 410)
    return [
        {
            "id": str(index),
            "href": "/_galeri",
            "label": name,
            "cells": [f"REG/{index + 41:05}/SIKRO/2026", name, "Izin baru", clock_chip(left[index], 480)],
            "mark": "late" if left[index] < 0 else "",
            "disabled": index == 3,
            "reason": "Sedang dibuka Wulan Prasasti" if index == 3 else "",
        }
        for index, name in enumerate(people)
    ]


def _steps() -> list[dict[str, Any]]:
    titles = ("Berkas masuk", "Berkas diperiksa", "Blanko dicetak", "Paraf Ahli Muda", "Paraf Ahli Madya",
              "Paraf Sekretaris", "Tanda tangan Kepala Dinas", "Nomor diberikan", "Surat izin diterima")  # fmt: skip
    states = ["done"] * 3 + ["now"] + ["todo"] * 5
    return [
        {
            "number": index + 1,
            "title": title,
            "state": states[index],
            "at": NOW - timedelta(hours=5 - index) if index < 3 else None,
            "note": "giliran Lestari Ayuningrat, sisa 4 menit kerja" if index == 3 else "",
        }
        for index, title in enumerate(titles)
    ]


def _events() -> list[dict[str, Any]]:
    reason = "Alamat tempat kerja berbeda dengan surat keterangan."
    return [
        {"title": "Blanko dibuat (revisi 2)", "by": "sistem", "at": NOW},
        {"title": "Dikembalikan", "by": "Lestari Ayuningrat", "at": NOW - timedelta(hours=1), "text": reason},
        {"title": "Berkas dinyatakan lengkap", "by": "Wulan Prasasti", "at": NOW - timedelta(hours=4)},
    ]


def _checks() -> list[dict[str, Any]]:
    reasons = [("blur", "Nomor tidak terbaca: pindai ulang dengan cahaya cukup."), ("old", "Masa berlaku sudah lewat.")]
    rows = (("ktp", "KTP", "ada, 1 halaman", "green"), ("strro", "STRRO, dilegalisasi", "gambar buram", "yellow"),
            ("surat_sehat", "Surat keterangan sehat", "tidak ada", "red"))  # fmt: skip
    return [
        {"code": code, "label": label, "machine": machine, "colour": colour, "reasons": reasons, "href": "#penampil"}
        for code, label, machine, colour in rows
    ]


def _letters() -> list[dict[str, Any]]:
    facts = [("Tempat kerja", "Optik Cahaya Mata, Jl. Sudirman 12"), ("STR", "RO-2210-7781, seumur hidup"),
             ("Jenis", "Izin baru"), ("Berlaku sampai", "26 November 2031"), ("Diverifikasi", "Wulan Prasasti"),
             ("Tempat ke", "1 dari 3")]  # fmt: skip
    base = {"number": "REG/00041", "facts": facts, "src": PAGE, "hash": "3b4c1e0e6a3f8f0f", "href": "/_galeri"}
    return [
        {**base, "id": "1", "name": "Raka Bintaro Sudiarja", "deviations": ["Nama di KTP dan STRRO berbeda ejaan"]},
        {**base, "id": "2", "name": "Melur Andrasari"},
        {**base, "id": "3", "name": "Dodi Erlambang", "reason": "Anda sudah memaraf surat ini sebagai pengganti."},
    ]


def _bars() -> list[dict[str, Any]]:
    return [
        {"label": "Pemeriksaan berkas", "value": 41, "limit": 35},
        {"label": "Paraf Ahli Muda", "value": 4, "limit": 5},
        {"label": "Paraf Sekretaris", "value": 9, "limit": 10},
        {"label": "Pemberian nomor", "value": 1, "limit": 3},
    ]


def _page(number: int) -> dict[str, Any]:
    text = "SURAT PERMOHONAN\nYang bertanda tangan di bawah ini ..." if number == 1 else ""
    alt = f"Surat permohonan, halaman {number}"
    return {"src": PAGE, "alt": alt, "text": text, "original": "/_galeri", "width": 210, "height": 297}
