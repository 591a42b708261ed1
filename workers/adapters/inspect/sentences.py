# ruff: noqa: E501  (one sentence a line reads better than one broken in three)
"""Every sentence an applicant can get about an upload: grade, and text in plain Bahasa Indonesia.

A refusal says what is wrong and how to mend it. Fields in braces are filled by `finding`.
"""

from __future__ import annotations

from typing import Final

from models.ports import Finding

_AGAIN = "Pindai atau foto ulang dokumennya, lalu unggah lagi."
_PRINT = "Buka berkasnya, pilih Cetak > Simpan sebagai PDF, lalu unggah hasilnya."

REJECT: Final = {
    "empty": f"Berkas kosong (0 bita). {_AGAIN}",
    "type-unknown": "Berkas ini bukan PDF atau gambar, melainkan {found}. Simpan sebagai PDF, JPEG atau PNG, lalu unggah lagi.",
    "polyglot": f"Berkas ini berisi dua jenis berkas sekaligus ({{found}}), sehingga tidak aman dibuka. {_PRINT}",
    "encrypted": "PDF ini terkunci dengan kata sandi. Simpan salinan tanpa kata sandi, lalu unggah lagi.",
    "protected": "PDF ini dilindungi pembatasan hak (IRM/DRM) dan isinya tidak dapat dibaca. Minta salinan tanpa perlindungan kepada penerbitnya.",
    "portfolio": "PDF ini hanya pembungkus (portofolio) bagi berkas lain. Unggah dokumen di dalamnya satu per satu sebagai PDF.",
    "form-dynamic": f"Formulir PDF ini hanya tampil di Adobe Reader (XFA dinamis). {_PRINT}",
    "damaged": f"PDF ini rusak dan tidak dapat dibuka. {_AGAIN}",
    "content-lost": f"PDF ini rusak: sebagian isinya hilang dan tidak dapat dipulihkan. {_AGAIN}",
    "page-tree": f"Susunan halaman PDF ini tidak wajar (berputar atau bertumpuk). {_PRINT}",
    "no-pages": f"PDF ini tidak mempunyai halaman. {_AGAIN}",
    "too-many-pages": "PDF ini terlalu banyak halamannya ({pages}; paling banyak {limit}). Unggah hanya halaman yang diminta.",
    "too-complex": f"PDF ini terlalu rumit untuk diperiksa. {_PRINT}",
    "bomb": f"Isi berkas ini mengembang jauh melebihi ukurannya, sehingga tidak aman dibuka. {_AGAIN}",
    "picture-too-large": "Gambar terlalu besar ({width} x {height} titik). Pindai pada 300 dpi atau perkecil gambarnya, lalu unggah lagi.",
    "picture-damaged": f"Gambar ini rusak dan tidak dapat dibuka. {_AGAIN}",
    "picture-truncated": "Gambar ini terpotong: sebagian isinya tidak ada. Unggah lagi berkas aslinya sampai selesai, atau foto ulang.",
    "blank": "Semua halaman kosong (satu warna saja). Periksa sisi kertas yang dipindai, lalu unggah lagi.",
    "photo-not-picture": "Pas foto harus berupa gambar (JPEG, PNG, HEIC, WebP), bukan {found}. Unggah berkas fotonya langsung.",
    "stopped-time": f"Pemeriksaan berkas ini tidak selesai dalam waktu yang wajar karena isinya terlalu berat. {_AGAIN}",
    "stopped-memory": f"Berkas ini memerlukan terlalu banyak memori untuk dibuka. {_AGAIN}",
    "stopped-crash": f"Berkas ini rusak atau dibuat tidak wajar, sehingga tidak dapat diperiksa. {_AGAIN}",
}

REPAIR: Final = {
    "rebuilt": "Struktur PDF rusak dan sudah disusun ulang; isi halamannya utuh.",
    "junk-cut": "Data asing di awal atau akhir berkas sudah dibuang.",
    "restrictions-dropped": "Pembatasan (cetak, salin) pada PDF sudah dilepas agar petugas dapat membacanya.",
    "scripts-removed": "Skrip atau perintah otomatis di dalam PDF sudah dibuang.",
    "attachments-removed": "Berkas lampiran di dalam PDF sudah dibuang ({names}). Unggah tersendiri bila diminta.",
    "media-removed": "Unsur suara, video atau 3D di dalam PDF sudah dibuang.",
    "form-xfa-removed": "Bagian formulir XFA di dalam PDF sudah dibuang; isi halamannya tetap.",
    "signature-on-original": "Dokumen ini bertanda tangan elektronik; tanda tangannya diperiksa pada berkas asli yang tetap disimpan.",
    "turned-upright": "Gambar sudah diputar tegak sesuai arah kamera.",
    "location-removed": "Data lokasi (GPS) pada foto sudah dibuang.",
    "metadata-removed": "Data kamera pada gambar sudah dibuang.",
    "extra-data-removed": "Data tambahan di luar gambar sudah dibuang.",
    "converted": "Gambar {source} sudah diubah menjadi {target}.",
    "depth-reduced": "Kedalaman warna sudah diubah menjadi 8 bit.",
    "alpha-flattened": "Bagian tembus pandang pada gambar sudah diberi latar putih.",
    "colours-converted": "Warna gambar sudah diubah menjadi RGB.",
    "reduced": "Gambar sudah diperkecil menjadi {width} x {height} titik.",
}

WARNING: Final = {
    "blank-pages": "Halaman {pages} tampak kosong. Periksa apakah ada sisi yang belum terpindai.",
    "nearly-blank": "Halaman {pages} hampir kosong. Periksa apakah isinya terpindai.",
    "blurred": "Gambar tampak buram. Bila tulisannya tidak terbaca, foto ulang dengan cahaya cukup dan tangan diam.",
    "dark": "Gambar tampak terlalu gelap. Bila tulisannya tidak terbaca, foto ulang di tempat terang.",
    "small": "Gambar kecil ({width} x {height} titik). Bila tulisannya tidak terbaca, foto ulang lebih dekat.",
    "photo-ratio": "Perbandingan sisi pas foto bukan 4 x 6 (tegak). Potong fotonya menjadi 4 x 6.",
    "photo-background": "Latar pas foto tampaknya tidak merah. Periksa ketentuan latar merah.",
    "frames-dropped": "Gambar ini berisi {frames} gambar; hanya yang pertama dipakai. Unggah yang lain tersendiri.",
}

NOTE: Final = {
    "type-name": "Nama berkas berakhiran .{suffix}, tetapi isinya {found}; berkas dinilai menurut isinya.",
    "page-size": "Halaman {pages} lebih besar dari A4/F4.",
    "fonts-missing": "Sebagian huruf tidak disertakan di dalam PDF; tampilannya bisa sedikit berbeda.",
    "signed": "PDF ini bertanda tangan elektronik dan disimpan apa adanya.",
}

_GRADES: Final = {"reject": REJECT, "repair": REPAIR, "warning": WARNING, "note": NOTE}
_GRADE_OF: Final = {code: grade for grade, table in _GRADES.items() for code in table}


def finding(code: str, **values: object) -> Finding:
    """The finding of this code; raises KeyError for a code or a field that is not in the tables."""
    grade = _GRADE_OF[code]
    return Finding(grade, code, _GRADES[grade][code].format(**values))
