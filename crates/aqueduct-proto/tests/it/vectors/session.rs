use aqueduct_proto::session::{Algorithm, SessionKey, VerificationPolicy, sign, verify};
use aqueduct_vectors::check;
use serde_json::json;

#[test]
fn signatures_are_javas() {
    check("sig", &[], |case| {
        let name = case.text("algorithm")?;
        let algorithm = Algorithm::from_name(&name).expect("a known algorithm");
        let key = case.hex("keyHex").unwrap_or_default();
        let key = SessionKey { key, algorithm: name.clone(), created_ms: 0 };
        let body = case.hex("bodyHex").unwrap_or_default();
        let signature = sign(&key, algorithm, &body);
        let Some(given) = given(case) else { panic!("no given signature") };
        let policy = VerificationPolicy { algorithms: vec![name.clone()] };
        let valid = verify(&policy, Some(&key), Some(&given), Some(&name), &body).is_ok();
        Ok(json!({ "signature": signature.signature, "given": given, "valid": valid }))
    });
}

/// The signature that Java was given to check: recorded as part of its answer.
fn given(case: &aqueduct_vectors::Case) -> Option<String> {
    match &case.expect {
        aqueduct_vectors::Expect::Out(out) => out["given"].as_str().map(str::to_owned),
        aqueduct_vectors::Expect::Err { .. } => None,
    }
}
