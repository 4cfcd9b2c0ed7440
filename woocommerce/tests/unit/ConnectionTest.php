<?php
/**
 * Test Connection against a real ELMED: each answer a pharmacist can get, with its cause made for real.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Settings\Connection;
use Elmed\WooCommerce\Settings\ConnectionTest as Asking;
use Elmed\WooCommerce\Settings\Key;

final class ConnectionTest extends TestCase {

	/** @dataProvider enough */
	public function test_connected_with_the_account_and_the_scopes( array $scopes ): void {
		$found = $this->ask( Elmed::say( 'key', array( 'scopes' => $scopes ) )['key'] );

		$this->assertSame( 'Connected', $found->title() );
		$this->assertStringContainsString( Elmed::fact( 'pharmacy' ), $found->text() );
		foreach ( $scopes as $scope ) {
			$this->assertStringContainsString( $scope, $found->text() );
		}
	}

	public function enough(): array {
		return array( array( array( 'shop' ) ), array( array( 'rx:dispense', 'rx:read' ) ) );
	}

	/** @dataProvider tooLittle */
	public function test_a_missing_scope_is_named( array $scopes, string $missing ): void {
		$found = $this->ask( Elmed::say( 'key', array( 'scopes' => $scopes ) )['key'] );

		$this->assertSame( Connection::SCOPE_MISSING, $found->state );
		$this->assertStringContainsString( $missing, $found->text() );
	}

	public function tooLittle(): array {
		return array( array( array( 'rx:read' ), 'rx:dispense' ), array( array( 'rx:dispense' ), 'rx:read' ), array( array( 'patient:read' ), 'rx:read + rx:dispense' ) );
	}

	public function test_a_revoked_key_is_refused(): void {
		$made = Elmed::say( 'key' );
		$this->assertTrue( $this->ask( $made['key'] )->connected() );
		Elmed::say( 'revoke', array( 'key_id' => $made['key_id'] ) );

		$this->assertSame( Connection::KEY_REFUSED, $this->ask( $made['key'] )->state );
	}

	public function test_a_key_that_never_was_is_refused(): void {
		$this->assertSame( Connection::KEY_REFUSED, $this->ask( 'elm_' . str_repeat( '0', 64 ) )->state );
	}

	public function test_without_a_key_nobody_is_asked(): void {
		Key::forget();
		$calls = Elmed::calls(
			function () {
				$this->assertSame( Connection::NO_KEY, ( new Asking() )->run()->state );
			}
		);
		$this->assertSame( array(), $calls );
	}

	public function test_a_suspended_account_is_said_to_be(): void {
		$other = Elmed::say( 'pharmacy' );
		Elmed::say( 'account', array( 'state' => 'suspended', 'pharmacy' => $other['pharmacy_id'] ) );

		$this->assertSame( Connection::ACCOUNT_NOT_ACTIVE, $this->ask( $other['key'] )->state );
	}

	public function test_elmed_down_is_not_reachable(): void {
		Elmed::say( 'stop' );
		$found = $this->ask( Elmed::fact( 'key' ) );
		Elmed::say( 'start' );

		$this->assertSame( Connection::UNREACHABLE, $found->state );
		$this->assertStringContainsString( 'not reachable', $found->text() );
	}

	public function test_an_address_that_is_something_else_is_not_elmed(): void {
		update_option( 'elmed_base_url', Site::fact( 'url' ) );

		$this->assertSame( Connection::NOT_ELMED, $this->ask( Elmed::fact( 'key' ) )->state );
	}

	public function test_an_unsafe_address_never_gets_the_key(): void {
		update_option( 'elmed_base_url', 'http://elmed.example' );
		add_filter(
			'pre_http_request',
			function () {
				$this->fail( 'something was sent' );
			}
		);

		$this->assertSame( Connection::UNSAFE_ADDRESS, $this->ask( Elmed::fact( 'key' ) )->state );
	}

	public function test_the_minute_used_up_is_said_to_be_busy(): void {
		$made = Elmed::say( 'key', array( 'per_minute' => 1 ) );
		$this->ask( $made['key'] );

		$this->assertSame( Connection::BUSY, $this->ask( $made['key'] )->state );
	}

	private function ask( string $key ): Connection {
		Key::store( $key );
		return ( new Asking() )->run();
	}
}
