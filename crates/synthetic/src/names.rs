//! Names for people who do not exist: common Norwegian given names and family
//! names, combined at random.

use model::Entropy;

use crate::identity::Sex;

const WOMEN: &[&str] = &[
    "Anne", "Astrid", "Aud", "Berit", "Bente", "Bjørg", "Camilla", "Cecilie", "Ellen", "Else",
    "Elin", "Eva", "Gerd", "Grete", "Gunvor", "Gro", "Hanne", "Heidi", "Hilde", "Inger", "Ingrid",
    "Jorunn", "Kari", "Karin", "Kirsten", "Kristin", "Laila", "Lene", "Lillian", "Liv", "Mari",
    "Marit", "Målfrid", "Mette", "Mona", "Nina", "Oddny", "Randi", "Ragnhild", "Reidun", "Rita",
    "Ruth", "Sara", "Sigrid", "Silje", "Siri", "Solfrid", "Solveig", "Sølvi", "Tone", "Tove",
    "Torill", "Trine", "Turid", "Unni", "Vigdis", "Wenche", "Åse", "Åshild", "Øydis",
];

const MEN: &[&str] = &[
    "Alf", "Anders", "Arild", "Arne", "Arvid", "Asbjørn", "Bjarne", "Bjørn", "Dag", "Egil",
    "Einar", "Eirik", "Erling", "Espen", "Finn", "Frode", "Geir", "Gunnar", "Hans", "Harald",
    "Helge", "Henrik", "Håkon", "Håvard", "Ivar", "Jan", "Jon", "Jørgen", "Kjell", "Knut", "Kåre",
    "Lars", "Leif", "Magne", "Magnus", "Morten", "Nils", "Odd", "Ola", "Olav", "Oddvar", "Per",
    "Pål", "Reidar", "Roar", "Rolf", "Rune", "Sigurd", "Stein", "Svein", "Sverre", "Terje", "Tor",
    "Torbjørn", "Tore", "Trond", "Trygve", "Vidar", "Øystein", "Øyvind",
];

const FAMILIES: &[&str] = &[
    "Aas", "Aasen", "Amundsen", "Andersen", "Andreassen", "Arnesen", "Bakke", "Bakken", "Berg",
    "Berge", "Berntsen", "Birkeland", "Bjerke", "Bråthen", "Bø", "Dahl", "Dahle", "Edvardsen",
    "Eide", "Eliassen", "Ellingsen", "Engen", "Eriksen", "Evensen", "Fjeld", "Fossum", "Fredriksen",
    "Gulbrandsen", "Gundersen", "Haga", "Hagen", "Halvorsen", "Hansen", "Haugen", "Hauge", "Helland",
    "Henriksen", "Hovland", "Isaksen", "Iversen", "Jacobsen", "Jensen", "Johansen", "Johnsen",
    "Jørgensen", "Karlsen", "Knudsen", "Knutsen", "Kristiansen", "Kristoffersen", "Kvam", "Larsen",
    "Lie", "Lien", "Lund", "Lunde", "Løken", "Martinsen", "Mathisen", "Mikkelsen", "Moe", "Moen",
    "Myhre", "Myklebust", "Møller", "Nguyen", "Nielsen", "Nilsen", "Nygård", "Næss", "Olsen",
    "Paulsen", "Pedersen", "Pettersen", "Rasmussen", "Ruud", "Rønning", "Sandberg", "Sandvik",
    "Simonsen", "Sivertsen", "Skogen", "Solberg", "Solheim", "Strand", "Strøm", "Sunde", "Sæther",
    "Sørensen", "Tangen", "Thomassen", "Thorsen", "Tveit", "Vik", "Ødegård", "Øien", "Aarnes",
];

fn one_of(list: &'static [&'static str], entropy: &dyn Entropy) -> &'static str {
    let at = usize::try_from(entropy.below(list.len() as u64)).unwrap_or_default();
    list.get(at).copied().unwrap_or_default()
}

/// A full name: one person in six has a second given name.
pub(crate) fn draw(sex: Sex, entropy: &dyn Entropy) -> String {
    let given = match sex {
        Sex::Man => MEN,
        Sex::Woman => WOMEN,
    };
    let first = one_of(given, entropy);
    let second = one_of(given, entropy);
    let family = one_of(FAMILIES, entropy);
    if entropy.below(6) == 0 && first != second {
        format!("{first} {second} {family}")
    } else {
        format!("{first} {family}")
    }
}
