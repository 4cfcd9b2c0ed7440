<?php
/**
 * The bed holds what it promises: a real WordPress, a real ELMED beside it, and no test's traces in the next one.
 */

namespace Elmed\WooCommerce\Tests;

final class BedTest extends TestCase {

	public function test_elmed_answers_with_the_pharmacy_of_the_key(): void {
		$answer = wp_remote_request( Elmed::fact( 'url' ) . '/api/public/v1/me', array( 'headers' => array( 'X-API-Key' => Elmed::fact( 'key' ) ) ) );

		$this->assertSame( 200, wp_remote_retrieve_response_code( $answer ) );
		$this->assertSame( Elmed::fact( 'pharmacy' ), json_decode( wp_remote_retrieve_body( $answer ), true )['account']['name'] );
	}

	/** @dataProvider states */
	public function test_a_prescription_is_made_in_each_state( string $state, string $status ): void {
		$made = Elmed::say( 'prescription', array( 'state' => $state ) );

		$this->assertSame( $status, $made['status'] );
		$this->assertSame( $status, Elmed::say( 'status', array( 'id' => $made['id'] ) )['status'] );
		$this->assertMatchesRegularExpression( '/^[0-9A-Z-]{8,14}$/', $made['reference'] );
	}

	public function states(): array {
		return array(
			array( 'issued', 'issued' ),
			array( 'pending_review', 'pending_review' ),
			array( 'verified', 'verified' ),
			array( 'dispensed', 'dispensed' ),
			array( 'expired', 'expired' ),
			array( 'elsewhere', 'pending_review' ),
		);
	}

	public function test_a_stopped_elmed_refuses_the_connection_and_comes_back_with_what_it_knew(): void {
		$made = Elmed::say( 'prescription' );
		Elmed::say( 'stop' );
		$gone = wp_remote_get( Elmed::fact( 'url' ) . '/api/public/v1/me' );
		Elmed::say( 'start' );
		$back = wp_remote_get( Elmed::fact( 'url' ) . '/api/public/v1/me' );

		$this->assertInstanceOf( \WP_Error::class, $gone );
		$this->assertSame( 401, wp_remote_retrieve_response_code( $back ) );
		$this->assertSame( 'verified', Elmed::say( 'status', array( 'id' => $made['id'] ) )['status'] );
	}

	public function test_a_lost_answer_is_no_answer_but_the_call_arrived(): void {
		Elmed::say( 'weather', array( 'lose_answers' => 1 ) );
		$calls = Elmed::calls(
			function () {
				$this->assertInstanceOf( \WP_Error::class, wp_remote_get( Elmed::fact( 'url' ) . '/api/public/v1/me' ) );
			}
		);

		$this->assertSame( array( 0 ), array_column( $calls, 'status' ) );
	}

	public function test_elmed_says_429_of_itself_once_the_limit_is_reached(): void {
		Elmed::say( 'limit', array( 'key_id' => (int) Elmed::fact( 'key_id' ), 'per_minute' => 1 ) );
		$ask = static function () {
			return wp_remote_get( Elmed::fact( 'url' ) . '/api/public/v1/me', array( 'headers' => array( 'X-API-Key' => Elmed::fact( 'key' ) ) ) );
		};
		$ask();
		$refused = $ask();

		$this->assertSame( 429, wp_remote_retrieve_response_code( $refused ) );
		$this->assertGreaterThan( 0, (int) wp_remote_retrieve_header( $refused, 'retry-after' ) );
	}

	public function test_a_product_is_checked_against_a_prescription_and_reserved(): void {
		$made    = Elmed::say( 'prescription' );
		$product = Elmed::say( 'product', array( 'sku' => uniqid( 'BED' ), 'medicine' => true, 'stock' => '3' ) );
		$answer  = wp_remote_post(
			Elmed::fact( 'url' ) . '/api/public/v1/prescriptions/check',
			array(
				'headers' => array( 'X-API-Key' => Elmed::fact( 'key' ), 'Content-Type' => 'application/json' ),
				'body'    => wp_json_encode(
					array(
						'reference'     => $made['reference'],
						'date_of_birth' => $made['date_of_birth'],
						'lines'         => array( array( 'sku' => $product['sku'], 'quantity' => '1' ) ),
						'reserve'       => true,
					)
				),
			)
		);
		$said = json_decode( wp_remote_retrieve_body( $answer ), true );

		$this->assertSame( true, $said['lines'][0]['ok'] ?? $said );
		$this->assertSame( array( $said['reservation_id'] ), array_column( Elmed::say( 'reservations', array( 'prescription' => $made['id'] ) ), 'id' ) );
	}

	public function test_writes(): void {
		update_option( 'elmed_bed_test', 'written' );

		$this->assertSame( 'written', get_option( 'elmed_bed_test' ) );
	}

	/** @depends test_writes */
	public function test_and_nothing_of_it_is_left(): void {
		$this->assertFalse( get_option( 'elmed_bed_test' ) );
	}
}
