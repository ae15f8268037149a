"""Who lives in the generated world: names, languages, and the few with a part of their own."""

from __future__ import annotations

from tobs_tui.demo.world.chance import chance, mix64
from tobs_tui.demo.world.people import People, Person

_NAMED = """
anna|Anna|Petrova|annapetrova|ru,en|contact
boris|Boris|Li||en,ru,zh|contact
clara|Clara|Nunes|claranunes|pt,en|contact
duarte|Duarte|Reis||pt,en|
mama|Мама|||ru|contact
babushka|Бабушка|Вера||ru|contact
misha|Миша|Соколов|mishasok|ru|contact
yuki|悠希|田中|yukitanaka|ja,en|contact
wang|王小明||wangxm|zh,en|contact
noa|נועה|לוי||he,en|contact
omar|عمر|الحلبي|omarhalabi|ar,fr|contact
maria|Μαρία|Παπαδάκη||el,en|contact
priya|प्रिया|शर्मा|priyasharma|hi,en|contact
somchai|สมชาย|ใจดี||th,en|
jiwoo|지우|박|jiwoopark|ko,en|contact
lena|Lena|Vogel|lenavogel|de,en|contact
chloe|Chloé|Martin||fr,en|contact
giulia|Giulia|Ricci|giuliaricci|it,en|
kasia|Kasia|Nowak||pl,en|
ines|Inês|Carvalho|inescarvalho|pt,en|contact
pablo|Pablo|Ortega||es,en|contact
oksana|Оксана|Шевченко|oksanash|uk,en|contact
emre|Emre|Yılmaz||tr,en|
linh|Linh|Nguyễn||vi,en|
bram|Bram|de Wit|bramdewit|nl,en|
mika|Mika|Aalto||en|contact
rita|Rita|Cardoso||pt,en|
tiago|Tiago|Melo|tiagomelo|pt,en|
hanna|Hanna|Lindqvist|hannal|en,de|
ivan|Иван|Орлов||ru,en|
olena|Олена|Коваль||uk,ru|
samir|سمير|خوري||ar,en|
tamar|תמר|כהן|tamarc|he,en|
dimitris|Δημήτρης|Νίκου||el,en|
chen|陈静||chenjing|zh,en|
kenji|健二|山本||ja,en|
minho|민호|김|minhokim|ko,en|
nok|นก|แสงทอง||th,en|
arjun|अर्जुन|मेहता||hi,en|
deniz|Deniz|Kaya|denizkaya|tr,en|
quan|Quân|Trần||vi,en|
sofie|Sofie|Jansen||nl,de|
piotr|Piotr|Zieliński|piotrz|pl,en|
marco|Marco|Bianchi||it,en|
lucia|Lucía|Fernández|luciafdez|es,en|
hugo|Hugo|Bernard||fr,en|
jonas|Jonas|Krüger||de,en|
bea|Beatriz|Sousa|beasousa|pt,en|
joao|João|Pinto||pt,en|
nuno|Nuno|Teixeira|nunotx|pt,en|
aoife|Aoife|Byrne||en|
dev|Dev|Patel|devpatel|en,hi|
zoe|Zoë|=^.^= "#1"||en|
tom|Tom|O'Neill|tomoneill|en|
""".strip()

SELF_NAMES = ("Sam", "Rivers")


def _bare_id(seed: int, key: str) -> int:
    spread = mix64(seed ^ int.from_bytes(key.encode()[:8].ljust(8, b"\0")))
    return 200_000_000 + spread % 6_700_000_000


def account_id(seed: int, *what: object) -> int:
    """The user id of a world's account: another seed or size gives another account."""
    return 7_000_000_000 + chance(seed, "account", *what).randrange(900_000_000)


def hire(people: People, seed: int) -> dict[str, int]:
    """Add the cast to `people`; the user ids by the names that scripts use."""
    names: dict[str, int] = {}
    for row in _NAMED.splitlines():
        key, first, last, username, languages, flag = row.split("|")
        user_id = _bare_id(seed, key)
        names[key] = user_id
        people.add(
            Person(
                user_id,
                first,
                last or None,
                username or None,
                phone=f"35100{user_id % 10_000_000:07d}" if flag else None,
                languages=tuple(languages.split(",")),
                contact=flag == "contact",
                premium=user_id % 5 == 0,
                rare=not flag and user_id % 3 == 0,
            )
        )
    bot = Person(_bare_id(seed, "bot"), "Metro Lisboa", None, "metrolx_bot", bot=True, verified=True)
    names["bot"] = people.add(bot).id
    names["ghost"] = people.add(Person(_bare_id(seed, "ghost"), None, deleted=True)).id
    telegram = Person(
        777000, "Telegram", username="telegram", phone="42777", verified=True, languages=("en",)
    )
    names["telegram"] = people.add(telegram).id
    return names


_FIRST = {
    "en": "Alex Robin Jamie Kim Charlie Taylor Morgan Casey Riley Jordan",
    "pt": "Mariana Gonçalo Leonor Afonso Catarina Vasco Matilde Simão",
    "ru": "Алексей Дарья Елена Кирилл Наталья Павел Юлия Фёдор",
    "de": "Felix Greta Jürgen Käthe Moritz Ute",
    "es": "Álvaro Begoña Íñigo Nuria Raúl Ximena",
    "fr": "Aurélie Benoît Élodie Loïc Margaux Théo",
    "ja": "葵 翔太 さくら 陽菜 大輔",
    "zh": "李伟 张敏 刘洋 黄丽 赵磊",
    "ko": "서연 도윤 하은 준서",
    "ar": "ليلى خالد مريم يوسف",
    "he": "יעל איתי מאיה רועי",
    "el": "Ελένη Γιώργος Κατερίνα Νίκος",
    "hi": "अनन्या रोहन मीरा विक्रम",
    "th": "มาลี ก้อง ฟ้า ต้น",
    "uk": "Богдан Соломія Тарас Леся",
    "it": "Alessia Davide Federica Luca",
    "pl": "Agnieszka Bartek Łukasz Zofia",
    "nl": "Daan Femke Joost Saskia",
    "tr": "Ayşe Burak Çağla Mert",
    "vi": "Hương Minh Tuấn Mai",
}
_LAST = (
    "Almeida Berg Costa Dias Evans Fonseca Gruber Hansen Ito Jones Kowalski Lopes Moreau Novak Okafor Pires"
)


def extra_person(people: People, seed: int, number: int) -> Person:
    """One more user, with a likely name in some language."""
    draw = chance(seed, "extra", number)
    language = draw.choice(tuple(_FIRST))
    first = draw.choice(_FIRST[language].split())
    last = draw.choice(_LAST.split()) if first.isascii() or draw.random() < 0.4 else None
    user_id = 6_900_000_000 + number * 17 + seed % 11
    person = Person(user_id, first, last, languages=(language, "en"), contact=draw.random() < 0.5)
    return people.add(person)
